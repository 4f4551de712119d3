// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "frames.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <time.h>

#ifndef AT_MINSIGSTKSZ
#	define AT_MINSIGSTKSZ 51 // some libcs do not define it yet
#endif

#include "_cgo_export.h"
#include "runtime_cgo.h"

#define NOINLINE __attribute__((noinline))

static int sink;

static NOINLINE void
fr_busy(int ms)
{
	struct timespec start, now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start);
	do {
		for (int i = 0; i < 200000; i++) {
			__asm__ __volatile__("" : : "r"(i)); // line: busy
		}
		clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	} while ((now.tv_sec - start.tv_sec) * 1000 + (now.tv_nsec - start.tv_nsec) / 1000000 < ms);
}

static void
print_frames(const uintptr_t *pcs, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct rcgo_frame frames[8];
		char text[4096];
		size_t m = rcgo_symbolize(pcs[i], frames, 8, text, sizeof text);

		for (size_t k = 0; k < m; k++) {
			printf("frame %s %s:%u%s\n", frames[k].function ? frames[k].function : "?",
				frames[k].file ? frames[k].file : "?", frames[k].line,
				frames[k].inlined ? " inlined" : "");
		}
	}
	fflush(stdout);
}

static NOINLINE void
fr_backtrace(void)
{
	uintptr_t pcs[32];

	if (rcgo_backtrace == NULL) {
		printf("no rcgo_backtrace\n");
		fflush(stdout);
		return;
	}
	print_frames(pcs, rcgo_backtrace(pcs, 32)); // line: backtrace
}

static uintptr_t handler_pcs[32];
static size_t handler_count;

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	(void)info;
	handler_count = rcgo_backtrace_from_context(context, handler_pcs, 32);
}

static NOINLINE void
fr_handler(void)
{
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};

	sigaction(SIGUSR2, &act, NULL);
	raise(SIGUSR2);
	print_frames(handler_pcs, handler_count);
}

static inline __attribute__((always_inline)) void
fr_inlined(int way, int arg)
{
	switch (way) {
	case FR_SEGV:
		*(volatile int *)16 = arg; // line: segv
		break;
	case FR_ABORT:
		abort(); // line: abort
	case FR_CALL_GO:
		frGo(arg); // line: call go
		break;
	case FR_BUSY:
		fr_busy(arg); // line: call busy
		break;
	case FR_BACKTRACE:
		fr_backtrace(); // line: call backtrace
		break;
	case FR_HANDLER:
		fr_handler();
		break;
	case FR_RAISE:
		raise(arg); // line: raise
		break;
	}
	sink++;
}

static NOINLINE void
fr_middle(int way, int arg)
{
	fr_inlined(way, arg); // line: inlined
	sink++;
}

NOINLINE void
fr_outer(int way, int arg)
{
	fr_middle(way, arg); // line: middle
	sink++;
}

static int thread_way, thread_arg;

static void *
fr_thread(void *unused)
{
	fr_outer(thread_way, thread_arg);
	return unused;
}

// A handler's 4 KB above the kernel's frame, or the 8 KB that SIGSTKSZ was for a long time.
static size_t
small_size(void)
{
	size_t size = getauxval(AT_MINSIGSTKSZ) + 4096;

	return size < 8192 ? 8192 : (size + 4095) & ~(size_t)4095;
}

static void *
fr_small_thread(void *unused)
{
	size_t size = small_size();
	stack_t stack = {.ss_size = size}, none = {.ss_flags = SS_DISABLE};
	char *map = mmap(NULL, 65536 + size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (map == MAP_FAILED || mprotect(map + 65536, size, PROT_READ | PROT_WRITE) != 0) {
		abort();
	}
	stack.ss_sp = map + 65536;
	sigaltstack(&stack, NULL);
	fr_outer(thread_way, thread_arg);
	sigaltstack(&none, NULL);
	munmap(map, 65536 + size);
	return unused;
}

static void
on_a_thread(void *(*run)(void *), int way, int arg)
{
	pthread_t t;

	thread_way = way;
	thread_arg = arg;
	if (pthread_create(&t, NULL, run, NULL) == 0) {
		pthread_join(t, NULL);
	}
}

void
fr_on_a_thread(int way, int arg)
{
	on_a_thread(fr_thread, way, arg);
}

void
fr_on_a_small_stack(int way, int arg)
{
	on_a_thread(fr_small_thread, way, arg);
}
