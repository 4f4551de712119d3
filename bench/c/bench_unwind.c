// SPDX-License-Identifier: BSD-3-Clause
// Benchmark: the unwinder beside libgcc, glibc's backtrace and libunwind, in one run of alternating
// rounds. The best round counts. usage: bench_unwind [ROUNDS]    prints a table in Markdown
// Long because: each peer has its own interface.

#include <dlfcn.h>
#include <execinfo.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unwind.h>

// The amalgamated file as it is compiled into a program, including its static functions.
#include RCGO_BENCH_UNWIND

#define MAX 256
#define UNWINDS 100

static uintptr_t pcs[MAX];
static const void *context; // of the handler that the benchmarks run in
static struct rcgo_stack_bounds stack;
static const struct rcgo_stack_bounds *known; // &stack in the rows with known bounds

static _Unwind_Reason_Code
store(struct _Unwind_Context *c, void *arg)
{
	size_t *n = arg;

	if (*n == MAX) {
		return _URC_END_OF_STACK;
	}
	pcs[(*n)++] = _Unwind_GetIP(c);
	return _URC_NO_REASON;
}

static size_t
by_libgcc(void)
{
	size_t n = 0;

	_Unwind_Backtrace(store, &n);
	return n;
}

static size_t
by_glibc(void)
{
	return (size_t)backtrace((void **)pcs, MAX);
}

static int (*unw_backtrace)(void **, int);

static size_t
by_libunwind(void)
{
	return (size_t)unw_backtrace((void **)pcs, MAX);
}

// libunwind's general interface, step by step without a cache: the cost of a first unwind.
static struct {
	void *space; // unw_local_addr_space
	int (*set_caching)(void *space, int policy);
	int (*get_context)(void *context);
	int (*init)(void *cursor, void *context);
	int (*step)(void *cursor);
} unw;

static size_t
by_libunwind_steps(void)
{
	static uint64_t unw_context[512], cursor[512];
	size_t n = 0;

	unw.get_context(unw_context);
	unw.init(cursor, unw_context);
	do {
		n++;
	} while (n < MAX && unw.step(cursor) > 0);
	return n;
}

static size_t
by_context(void)
{
	return rcgo__unwind_from_handler(context, known, pcs, MAX);
}

static size_t
sample(void)
{
	return rcgo__unwind_from_handler(context, known, pcs, 32);
}

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

// Drops the cache entries of the last unwind's frames, as a first unwind finds the cache. Clearing
// the whole cache would also evict all data from the processor's cache.
static void
forget_frames(size_t frames)
{
	for (size_t i = 0; i < frames; i++) {
		// The unwinder reports the return address minus one.
		size_t place = rcgo__unwind_cache_slot(pcs[i] + (i != 0));

		for (size_t way = 0; way < WAYS; way++) {
			struct rcgo_cached_entry *at = &rcgo__entry_cache[place ^ way];

			if (RCGO_UNWIND_ENTRY_KIND(at->entry) != RCGO_UNWIND_ENTRY_IS_FACT) {
				at->entry = 0;
				at->mixed = 0;
			}
		}
	}
}

static void
forget_all(size_t frames)
{
	(void)frames;
	rcgo__unwind_cache_clear(true);
}

struct row {
	const char *name;
	size_t (*unwind)(void);
	bool bounds;
	void (*forget)(size_t frames); // before each unwind
	size_t frames;
	double best; // ns
};

static struct row rows[] = {
	{"libgcc `_Unwind_Backtrace`", by_libgcc, false, NULL, 0, 0},
	{"glibc `backtrace`", by_glibc, false, NULL, 0, 0},
	{"libunwind `unw_backtrace`", by_libunwind, false, NULL, 0, 0},
	{"libunwind `unw_step`, no cache", by_libunwind_steps, false, NULL, 0, 0},
	{"ours, bounds known", by_context, true, NULL, 0, 0},
	{"ours, pages probed", by_context, false, NULL, 0, 0},
	{"ours, empty cache", by_context, true, forget_frames, 0, 0},
	{"ours, nothing known of the objects either", by_context, true, forget_all, 0, 0},
	{"ours, a sample of 32 frames, bounds known", sample, true, NULL, 0, 0},
	{"ours, a sample of 32 frames, pages probed", sample, false, NULL, 0, 0},
};

// The cost of reading the clock around every unwind.
static double
clock_ns(void)
{
	double best = 1e9;

	for (int i = 0; i < 1000; i++) {
		double start = now();
		double spent = now() - start;

		best = spent < best ? spent : best;
	}
	return best;
}

static double
measure(const struct row *row)
{
	double clock = row->forget == NULL ? 0 : clock_ns();
	double start, sum = 0;

	if (row->forget == NULL) {
		start = now();
		for (int i = 0; i < UNWINDS; i++) {
			row->unwind();
		}
		return (now() - start) / UNWINDS;
	}
	for (int i = 0; i < UNWINDS / 4; i++) {
		row->forget(row->frames);
		start = now();
		row->unwind();
		sum += now() - start - clock;
	}
	return sum / (UNWINDS / 4);
}

static int rounds = 300;

static void
on_signal(int sig, siginfo_t *info, void *uc)
{
	(void)sig;
	(void)info;
	context = uc;
	for (int round = 0; round < rounds; round++) {
		for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
			struct row *row = &rows[i];
			double ns;

			if ((row->unwind == by_libunwind && unw_backtrace == NULL) ||
				(row->unwind == by_libunwind_steps && unw.space == NULL)) {
				continue;
			}
			if (unw.space != NULL) {
				unw.set_caching(unw.space, row->unwind != by_libunwind_steps);
			}
			known = row->bounds ? &stack : NULL;
			row->frames = row->unwind();
			ns = measure(row);
			row->best = round == 0 || ns < row->best ? ns : row->best;
		}
	}
}

// A hundred functions with different frame sizes and no frame pointer. Each calls the previous one.
typedef int (*level_fn)(void);
static int
level_end(void)
{
	return raise(SIGUSR1);
}
// Versions of clang-format disagree on how to format these.
// clang-format off
#define LEVEL(n, below)                                      \
	__attribute__((noinline)) static int level_##n(void) \
	{                                                    \
		char room[16 + n % 7 * 24];                  \
		int result;                                  \
	\
		memset(room, n, sizeof room);                \
		result = level_##below();                    \
		__asm__("" : : "r"(room) : "memory");        \
		return result + room[1];                     \
	}
#define TEN(t, below)                                                                             \
	LEVEL(t##0, below)                                                                        \
	LEVEL(t##1, t##0)                                                                         \
	LEVEL(t##2, t##1) LEVEL(t##3, t##2) LEVEL(t##4, t##3) LEVEL(t##5, t##4) LEVEL(t##6, t##5) \
		LEVEL(t##7, t##6) LEVEL(t##8, t##7) LEVEL(t##9, t##8)
// clang-format on
TEN(1, end)
TEN(2, 19)
TEN(3, 29)
TEN(4, 39)
TEN(5, 49)
TEN(6, 59)
TEN(7, 69)
TEN(8, 79)
TEN(9, 89)
TEN(10, 99)

static void
table(unsigned depth, level_fn outermost)
{
	double libgcc;

	outermost();
	libgcc = rows[0].best / (double)rows[0].frames;
	printf("\n### Depth %u\n\n| unwinder | frames | ns | ns/frame | libgcc is slower by |\n"
	       "|---|---|---|---|---|\n",
		depth);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		double each = rows[i].best / (double)rows[i].frames;

		if (rows[i].frames != 0) {
			printf("| %s | %zu | %.0f | %.1f | %.1f |\n", rows[i].name, rows[i].frames,
				rows[i].best, each, libgcc / each);
		} else {
			printf("| %s | | | | not installed |\n", rows[i].name);
		}
	}
}

static void
find(void *library, const char *name, void *function)
{
	void *symbol = dlsym(library, name);

	memcpy(function, &symbol, sizeof symbol);
}

// libunwind's names contain the name of the processor.
#ifdef __x86_64__
#	define UNW_CPU "x86_64_"
#else
#	define UNW_CPU "aarch64_"
#endif

static void
find_libunwind(void *library)
{
	void **space = dlsym(library, "_UL" UNW_CPU "local_addr_space");

	find(library, "_UL" UNW_CPU "set_caching_policy", &unw.set_caching);
	find(library, "_U" UNW_CPU "getcontext", &unw.get_context);
	find(library, "_UL" UNW_CPU "init_local", &unw.init);
	find(library, "_UL" UNW_CPU "step", &unw.step);
	if (space != NULL && unw.set_caching != NULL && unw.get_context != NULL &&
		unw.init != NULL && unw.step != NULL) {
		unw.space = *space;
	}
}

int
main(int argc, char **argv)
{
	static char other[262144];
	stack_t alternate = {.ss_sp = other, .ss_size = sizeof other};
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	pthread_attr_t attr;
	void *libunwind = dlopen("libunwind.so.8", RTLD_NOW);
	void *lo;
	size_t size;
	cpu_set_t set;

	if (argc > 1) {
		rounds = atoi(argv[1]);
	}
	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof set, &set);
	if (libunwind != NULL) {
		find(libunwind, "unw_backtrace", &unw_backtrace);
		find_libunwind(libunwind);
	}
	rcgo__modules_init();
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &lo, &size);
	stack.hi = (uintptr_t)lo + size;
	stack.lo = (uintptr_t)__builtin_frame_address(0) - 65536;
	memset(__builtin_alloca(65536), 0,
		65536); // touches the pages, so that the bounds are mapped
	sigaltstack(&alternate, NULL);
	sigaction(SIGUSR1, &act, NULL);
	printf("The unwinder has %zu KiB in all, none for a thread.\n",
		sizeof rcgo__entry_cache / 1024);
	table(10, level_19);
	table(30, level_39);
	table(100, level_109);
	return 0;
}
