// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "allocators.h"

#include <errno.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>
#include <wchar.h>

struct kept {
	unsigned char *p;
	size_t size;
};

static struct kept kept[4096];
static int kept_used;

void
expect(int good, const char *what)
{
	if (!good) {
		printf("wrong: %s\n", what);
		fflush(stdout);
		_exit(1);
	}
}

void
keep(void *p, size_t size)
{
	expect(p != NULL, "there is memory");
	expect(malloc_usable_size(p) >= size, "malloc_usable_size");
	memset(p, 7, size);
	kept[kept_used++] = (struct kept){p, size};
}

static void
check_kept(void)
{
	for (int i = 0; i < kept_used; i++) {
		for (size_t k = 0; k < kept[i].size; k++) {
			expect(kept[i].p[k] == 7, "no block is overwritten");
		}
	}
}

void
want(const char *function, size_t bytes)
{
	printf("want %s %zu\n", function, bytes);
}

// Memory from before profiling, freed while it is on.

static void *before[BLOCKS];

__attribute__((constructor)) static void
early(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		before[i] = malloc(SIZE);
	}
}

WAY static void
by_malloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		free(before[i]);
		keep(malloc(SIZE), SIZE);
	}
}

WAY static void
by_calloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *p = calloc(SIZE / 8, 8);

		expect(p != NULL && p[0] == 0 && memcmp(p, p + 1, SIZE - 1) == 0, "calloc clears");
		keep(p, SIZE);
	}
}

WAY static void
by_realloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *p = realloc(NULL, 8);

		for (size_t n = 16; n < 300000; n *= 3) {
			p = realloc(p, n);
			memset(p, 9, n);
		}
		p = realloc(p, SIZE);
		expect(p[0] == 9 && p[SIZE - 1] == 9, "realloc keeps what a block has");
		keep(p, SIZE);
	}
}

WAY static void
by_reallocarray(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		keep(reallocarray(reallocarray(NULL, 2, 8), SIZE / 8, 8), SIZE);
	}
}

WAY static void
by_memalign(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		size_t align = (size_t)8 << i % 14;
		void *p = memalign(align, SIZE);

		expect((uintptr_t)p % align == 0, "memalign aligns");
		keep(p, SIZE);
	}
}

WAY static void
by_aligned_alloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void *p = aligned_alloc(8, SIZE);

		expect((uintptr_t)p % 8 == 0, "aligned_alloc aligns");
		keep(p, SIZE);
	}
}

WAY static void
by_posix_memalign(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		size_t align = (size_t)8 << i % 14;
		void *p = NULL;

		errno = 99;
		expect(posix_memalign(&p, align, SIZE) == 0 && errno == 99, "posix_memalign");
		expect((uintptr_t)p % align == 0, "posix_memalign aligns");
		keep(p, SIZE);
	}
}

WAY static void
by_valloc(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		void *p = valloc(SIZE);

		expect((uintptr_t)p % (uintptr_t)sysconf(_SC_PAGESIZE) == 0, "valloc aligns");
		keep(p, SIZE);
	}
}

WAY static void
by_pvalloc(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	for (int i = 0; i < BLOCKS; i++) {
		void *p = pvalloc(SIZE);

		expect((uintptr_t)p % page == 0 && malloc_usable_size(p) >= page,
			"pvalloc gives pages");
		keep(p, SIZE);
	}
}

// Functions of libc that allocate.

WAY static void
by_strdup(void)
{
	char text[SIZE];

	memset(text, 'x', sizeof text);
	text[SIZE - 1] = 0;
	for (int i = 0; i < BLOCKS; i++) {
		keep(strdup(text), SIZE);
	}
}

WAY static void
by_strndup(void)
{
	char text[2 * SIZE];

	memset(text, 'x', sizeof text);
	for (int i = 0; i < BLOCKS; i++) {
		keep(strndup(text, SIZE - 1), SIZE);
	}
}

WAY static void
by_asprintf(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *text = NULL;

		expect(asprintf(&text, "%0*d", SIZE - 1, i) == SIZE - 1, "asprintf");
		keep(text, SIZE);
	}
}

WAY static void
by_getline(void)
{
	char *line = NULL;
	size_t size = 0;
	FILE *f = fopen("/proc/self/status", "re");

	expect(f != NULL && getline(&line, &size, f) > 0, "getline");
	fclose(f);
	keep(line, size);
}

WAY static void
by_open_memstream(void)
{
	for (int i = 0; i < BLOCKS; i++) {
		char *text = NULL;
		size_t size = 0;
		FILE *f = open_memstream(&text, &size);

		fprintf(f, "%0*d", SIZE, i);
		fclose(f);
		expect(size == SIZE, "open_memstream");
		keep(text, size);
	}
}

// What must fail, as it does without profiling.

static volatile size_t most = SIZE_MAX;

static void
check_edges(void)
{
	void *p = (void *)8;
	char *kept_block = malloc(SIZE);

	memset(kept_block, 5, SIZE);
	errno = 0;
	expect(calloc(most / 2, 3) == NULL && errno == ENOMEM, "calloc overflows");
	errno = 0;
	expect(reallocarray(kept_block, most / 2, 3) == NULL && errno == ENOMEM,
		"reallocarray overflows");
	errno = 0;
	expect(realloc(kept_block, most - 4096) == NULL && errno == ENOMEM, "realloc fails");
	expect(kept_block[0] == 5 && kept_block[SIZE - 1] == 5, "the block is still there");
	errno = 0;
	expect(malloc(most - 4096) == NULL && errno == ENOMEM, "malloc fails");
	errno = 0;
	expect(pvalloc(most - 8192) == NULL && errno == ENOMEM, "pvalloc fails");
	expect(posix_memalign(&p, 24, 8) == EINVAL && p == (void *)8, "posix_memalign(24)");
	expect(posix_memalign(&p, 64, most - 4096) == ENOMEM && p == (void *)8,
		"posix_memalign fails");
	errno = 99;
	free(kept_block);
	free(NULL);
	expect(errno == 99, "free keeps errno");
	kept_block = malloc(0);
	free(kept_block);
	expect(malloc_usable_size(NULL) == 0, "malloc_usable_size(NULL)");
}

// A handler that interrupts no allocation.

static void
on_signal(int sig)
{
	(void)sig;
	keep(malloc(SIZE), SIZE);
}

WAY static void
by_signal(void)
{
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK}, was;

	sigaction(SIGUSR2, &act, &was);
	for (int i = 0; i < BLOCKS; i++) {
		pthread_kill(pthread_self(), SIGUSR2);
	}
	sigaction(SIGUSR2, &was, NULL);
}

// The smallest stacks.

WAY static void *
by_small_thread(void *arg)
{
	keep(malloc(SIZE), SIZE);
	return arg;
}

static void
on_small_threads(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	expect(pthread_attr_setstacksize(&attr, (size_t)sysconf(_SC_THREAD_STACK_MIN)) == 0,
		"the least stack");
	for (int i = 0; i < BLOCKS; i++) {
		expect(pthread_create(&thread, &attr, by_small_thread, NULL) == 0,
			"pthread_create");
		pthread_join(thread, NULL);
	}
}

static ucontext_t here, there;

WAY static void
by_coroutine(void)
{
	keep(malloc(SIZE), SIZE);
}

static void
on_coroutines(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE), size = 8192 < page ? page : 8192;
	char *stack =
		mmap(NULL, size + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	mprotect(stack, page, PROT_NONE);
	for (int i = 0; i < BLOCKS; i++) {
		getcontext(&there);
		there.uc_stack.ss_sp = stack + page;
		there.uc_stack.ss_size = size;
		there.uc_link = &here;
		makecontext(&there, by_coroutine, 0);
		swapcontext(&here, &there);
	}
	munmap(stack, size + page);
}

// The destructor of a thread's value frees what the thread has allocated, and keeps another block.

static pthread_key_t key;

WAY static void
by_destructor(void *p)
{
	free(p);
	keep(malloc(SIZE), SIZE);
}

static void *
set_value(void *arg)
{
	pthread_setspecific(key, malloc(SIZE));
	return arg;
}

static void
at_ends_of_threads(void)
{
	pthread_t thread;

	pthread_key_create(&key, by_destructor);
	for (int i = 0; i < BLOCKS; i++) {
		pthread_create(&thread, NULL, set_value, NULL);
		pthread_join(thread, NULL);
	}
}

// Children, while other threads allocate.

static int stop;

static void *
churn(void *arg)
{
	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		void *p = malloc(SIZE), *q = calloc(1, 3 * SIZE);

		p = realloc(p, 5 * SIZE);
		free(q);
		free(p);
	}
	return arg;
}

extern char **environ;

static void
start_children(void)
{
	char *argv[] = {"true", NULL};
	pthread_t thread[2];

	for (int i = 0; i < 2; i++) {
		pthread_create(&thread[i], NULL, churn, NULL);
	}
	for (int i = 0; i < 30; i++) {
		int status = 1;
		pid_t pid = i % 3 == 0 ? fork() : i % 3 == 1 ? vfork() : 0;

		if (i % 3 == 2) {
			expect(posix_spawnp(&pid, "true", NULL, NULL, argv, environ) == 0,
				"posix_spawn");
		} else if (pid == 0) {
			if (i % 3 == 0) {
				alarm(20);
				for (int k = 0; k < 100; k++) {
					free(realloc(malloc(SIZE), 2 * SIZE));
				}
				check_kept();
			}
			execvp("true", argv);
			_exit(1);
		}
		expect(waitpid(pid, &status, 0) == pid && status == 0, "a child ends well");
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < 2; i++) {
		pthread_join(thread[i], NULL);
	}
}

// There is no memory left.
static void
exhaust(void)
{
	struct rlimit limit, none;
	size_t got = 0;
	void *all = NULL;

	getrlimit(RLIMIT_AS, &limit);
	none = limit;
	none.rlim_cur = 0;
	setrlimit(RLIMIT_AS, &none);
	if (mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED) {
		return; // an emulator knows no such limit
	}
	for (void **p; got < 10000 && (p = malloc(60000)) != NULL; got++) {
		*p = all;
		all = p;
	}
	expect(got < 10000 && errno == ENOMEM, "memory ends");
	while (all != NULL) {
		void *next = *(void **)all;

		free(all);
		all = next;
	}
	setrlimit(RLIMIT_AS, &limit);
	free(malloc(60000));
}

#define RUN(way, bytes)            \
	do {                       \
		way();             \
		want(#way, bytes); \
	} while (0)

// Ends by the line "end". glibc says whether the allocator is the one of glibc.
void
run_all(int glibc)
{
	RUN(by_malloc, SIZE * BLOCKS);
	RUN(by_calloc, SIZE * BLOCKS);
	RUN(by_realloc, SIZE * BLOCKS);
	RUN(by_reallocarray, SIZE * BLOCKS);
	RUN(by_memalign, SIZE * BLOCKS);
	RUN(by_aligned_alloc, SIZE * BLOCKS);
	RUN(by_posix_memalign, SIZE * BLOCKS);
	RUN(by_valloc, SIZE * BLOCKS);
	if (glibc) {
		RUN(by_pvalloc, (size_t)sysconf(_SC_PAGESIZE) * BLOCKS);
	}
	RUN(by_strdup, SIZE * BLOCKS);
	RUN(by_strndup, SIZE * BLOCKS);
	RUN(by_asprintf, SIZE * BLOCKS);
	by_getline();
	want("by_getline", kept[kept_used - 1].size);
	RUN(by_open_memstream, 0);
	RUN(by_signal, SIZE * BLOCKS);
	run_cplusplus(glibc);
	on_small_threads();
	want("by_small_thread", SIZE * BLOCKS);
	on_coroutines();
	want("by_coroutine", SIZE * BLOCKS);
	at_ends_of_threads();
	want("by_destructor", SIZE * BLOCKS);
	start_children();
	want("churn", 0);
	if (glibc) {
		check_edges();
		exhaust();
	}
	check_kept();
	printf("end\n");
	fflush(stdout);
}
