// SPDX-License-Identifier: BSD-3-Clause
// Benchmarks: the symbolizer beside addr2line, eu-addr2line, llvm-symbolizer and libbacktrace, in
// one run. The best round counts. usage: bench_symbolize FILE ADDRESSES [ROUNDS]
// ADDRESSES has one hexadecimal address a line. Prints a table in Markdown.

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_clock.h"
#include "symbolizer.h"
#ifdef RCGO_BENCH_LIBBACKTRACE
#	include <backtrace.h>
#endif

#define ADDRESSES_MAX 100000

// The results of one symbolizer in its own process: microseconds, and kilobytes of private memory.
struct result {
	double first, all, warm;
	long memory;
};

static uint64_t addresses[ADDRESSES_MAX];
static size_t count;
static const char *file, *list;
static struct result *shared;

static long
private_memory(void)
{
	FILE *f = fopen("/proc/self/smaps_rollup", "r");
	char line[256];
	long n, sum = 0;

	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "Private_Dirty: %ld", &n) == 1) {
			sum += n;
		}
	}
	if (f != NULL) {
		fclose(f);
	}
	return sum;
}

static void *
open_ours(void)
{
	static struct rcgo_arena arena;
	struct rcgo_object *object = NULL;

	if (rcgo__arena_init(&arena, (size_t)1 << 30) != 0 ||
		rcgo__object_open(&arena, file, (struct rcgo_bytes){0}, &object) != 0) {
		fprintf(stderr, "bench_symbolize: cannot open %s\n", file);
		exit(1);
	}
	return object;
}

static void
ask_ours(void *object, uint64_t address)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];

	rcgo__object_frames(object, address, frames, RCGO_FRAMES_MAX);
}

#ifdef RCGO_BENCH_LIBBACKTRACE
static void
on_error(void *data, const char *message, int number)
{
	(void)data, (void)message, (void)number;
}

static int
on_frame(void *data, uintptr_t pc, const char *path, int line, const char *function)
{
	(void)data, (void)pc, (void)path, (void)line, (void)function;
	return 0;
}

static void *
open_libbacktrace(void)
{
	return backtrace_create_state(file, 0, on_error, NULL);
}

static void
ask_libbacktrace(void *state, uint64_t address)
{
	backtrace_pcinfo(state, address, on_frame, on_error, NULL);
}
#endif

static void
measure(void *(*start)(void), void (*ask)(void *, uint64_t))
{
	long before = private_memory();
	double t0 = now_us(), t1, t2;
	void *engine = start();

	ask(engine, addresses[0]);
	t1 = now_us();
	shared->memory = private_memory() - before;
	t2 = now_us();
	for (size_t i = 1; i < count; i++) {
		ask(engine, addresses[i]);
	}
	shared->first = t1 - t0;
	shared->all = now_us() - t2 + t1 - t0;
	for (size_t i = 0; i < count; i++) {
		ask(engine, addresses[i]);
	}
	t0 = now_us();
	for (size_t i = 0; i < count; i++) {
		ask(engine, addresses[i]);
	}
	shared->warm = (now_us() - t0) / (double)count;
}

// Keeps the best of the results that a child measured.
static void
in_process(struct result *best, void *(*start)(void), void (*ask)(void *, uint64_t))
{
	pid_t child;

	fflush(stdout);
	child = fork();
	if (child == 0) {
		measure(start, ask);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	if (best->first == 0 || shared->first < best->first) {
		best->first = shared->first;
		best->memory = shared->memory;
	}
	best->all = best->all == 0 || shared->all < best->all ? shared->all : best->all;
	best->warm = best->warm == 0 || shared->warm < best->warm ? shared->warm : best->warm;
}

// Returns the time of a whole process for the first n addresses; 0 if it cannot be run.
static double
whole_process(const char *command, size_t n)
{
	char line[4096];
	double t0;

	snprintf(line, sizeof line, "head -n %zu '%s' >'%s.in'", n, list, list);
	if (system(line) != 0) {
		return 0;
	}
	snprintf(line, sizeof line, "exec %s '%s' <'%s.in' >/dev/null 2>&1", command, file, list);
	t0 = now_us();
	return WEXITSTATUS(system(line)) > 1 ? 0 : now_us() - t0;
}

static const char *const commands[][2] = {
	{"addr2line", "addr2line -if -e"},
	{"eu-addr2line", "eu-addr2line -if -e"},
	{"llvm-symbolizer", "llvm-symbolizer --inlining -e"},
};

static void
row(const char *name, const struct result *r)
{
	if (r->first == 0) {
		printf("| %s | not here | | | |\n", name);
		return;
	}
	printf("| %s | %.2f ms | %.1f ms |", name, r->first / 1e3, r->all / 1e3);
	if (r->warm == 0) {
		printf(" | |\n");
	} else {
		printf(" %.2f us | %ld KB |\n", r->warm, r->memory);
	}
}

int
main(int argc, char **argv)
{
	struct result ours = {0}, other = {0}, tools[3] = {{0}};
	int rounds = argc > 3 ? atoi(argv[3]) : 5;
	char line[128];
	FILE *f;

	if (argc < 3 || (f = fopen(argv[2], "r")) == NULL) {
		fprintf(stderr, "usage: bench_symbolize FILE ADDRESSES [ROUNDS]\n");
		return 2;
	}
	file = argv[1];
	list = argv[2];
	while (count < ADDRESSES_MAX && fgets(line, sizeof line, f) != NULL) {
		addresses[count++] = strtoull(line, NULL, 16);
	}
	fclose(f);
	shared = mmap(
		NULL, sizeof *shared, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < rounds; i++) {
		in_process(&ours, open_ours, ask_ours);
#ifdef RCGO_BENCH_LIBBACKTRACE
		in_process(&other, open_libbacktrace, ask_libbacktrace);
#endif
		for (int t = 0; t < 3; t++) {
			double first = whole_process(commands[t][1], 1);
			double all = whole_process(commands[t][1], count);

			tools[t].first = i == 0 || first < tools[t].first ? first : tools[t].first;
			tools[t].all = i == 0 || all < tools[t].all ? all : tools[t].all;
		}
	}
	printf("| %s | first symbol | %zu addresses | warm | private memory after the first |\n",
		file, count);
	printf("|---|---|---|---|---|\n");
	row("ours", &ours);
	row("libbacktrace", &other);
	for (int t = 0; t < 3; t++) {
		row(commands[t][0], &tools[t]);
	}
	return 0;
}
