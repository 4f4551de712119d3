// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the alternate signal stacks of threads that run Go, read from the kernel without
// our wrappers. Long because: a thread has one alternate stack, and each test checks another
// property of it.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "go_standin.h"
#include "altstack.h"
#include "unit.h"

#ifndef AT_MINSIGSTKSZ
#	define AT_MINSIGSTKSZ 51
#endif

#define STACK_LEAST ((size_t)64 << 10)
#define OWN_SIZE ((size_t)32 << 10)

static stack_t
kernel_stack(void)
{
	stack_t st;

	CHECK_INT(syscall(SYS_sigaltstack, NULL, &st), 0);
	return st;
}

static bool
is_off(stack_t st)
{
	return (st.ss_flags & SS_DISABLE) != 0;
}

static void
use(void *at, size_t size)
{
	stack_t st = {.ss_sp = at, .ss_size = size};

	CHECK_INT(sigaltstack(&st, NULL), 0);
}

static void
turn_off(void)
{
	stack_t st = {.ss_flags = SS_DISABLE};

	CHECK_INT(sigaltstack(&st, NULL), 0);
}

static size_t
small_size(void)
{
	return (getauxval(AT_MINSIGSTKSZ) != 0 ? getauxval(AT_MINSIGSTKSZ) : 2048) + 512;
}

// Whether a core file has the memory at this address.
static bool
is_dumped(uintptr_t at)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	bool inside = false, dumped = false;
	unsigned long from, to;
	char line[512];

	CHECK(f != NULL);
	while (fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
			inside = at >= from && at < to;
		} else if (inside && strncmp(line, "VmFlags:", 8) == 0) {
			dumped = strstr(line, " dd") == NULL;
		}
	}
	fclose(f);
	return dumped;
}

// First: the stacks behind those two have not been used.
TEST(core_has_stacks_that_were_used)
{
	uintptr_t one = rcgo__altstack_take(), next = rcgo__altstack_take();

	CHECK(next > one && next - one < 4 * rcgo__altstack_size());
	CHECK(is_dumped(one));
	CHECK(is_dumped(next + rcgo__altstack_size() - 1));
	// qemu-user passes no advice on.
	CHECK(is_dumped(one + 5 * (next - one)) == unit_emulated());
	rcgo__altstack_give(next);
	rcgo__altstack_give(one);
	CHECK(is_dumped(one));
}

TEST(thread_gets_one_and_gives_it_back)
{
	struct rcgo_altstack own = {0};
	uintptr_t first;

	rcgo__altstack_begin(&own);
	first = own.lo;
	CHECK(first != 0);
	CHECK((uintptr_t)kernel_stack().ss_sp == first);
	CHECK(kernel_stack().ss_size >= STACK_LEAST);
	CHECK(kernel_stack().ss_size >= STACK_LEAST / 2 + 4 * getauxval(AT_MINSIGSTKSZ));
	memset((void *)first, 0xa5, kernel_stack().ss_size);
	for (unsigned i = 0; i < 100; i++) {
		rcgo__altstack_end(&own);
		CHECK(is_off(kernel_stack()));
		CHECK_INT(own.lo, 0);
		rcgo__altstack_begin(&own);
		CHECK(own.lo == first);
	}
}

TEST(stack_of_cs_stays)
{
	static char big[OWN_SIZE];
	struct rcgo_altstack own = {0};

	use(big, sizeof big);
	rcgo__altstack_begin(&own);
	CHECK_INT(own.lo, 0);
	CHECK(kernel_stack().ss_sp == big);
	rcgo__altstack_end(&own);
	CHECK(kernel_stack().ss_sp == big);
}

TEST(stack_of_cs_that_is_too_small_comes_back)
{
	struct rcgo_altstack own = {0};
	char *small = malloc(small_size());
	stack_t st;

	use(small, small_size());
	rcgo__altstack_begin(&own);
	CHECK(own.lo != 0);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	CHECK_INT(rcgo__altstack_change(&own, NULL, &st), 0);
	CHECK(st.ss_sp == small);
	CHECK_INT(st.ss_size, small_size());
	rcgo__altstack_end(&own);
	CHECK(kernel_stack().ss_sp == small);
	turn_off();
}

TEST(off_means_ours)
{
	static char big[OWN_SIZE];
	struct rcgo_altstack own = {0};
	stack_t off = {.ss_flags = SS_DISABLE};
	stack_t theirs = {.ss_sp = big, .ss_size = sizeof big};
	stack_t old;

	rcgo__altstack_begin(&own);
	CHECK_INT(rcgo__altstack_change(&own, &off, &old), 0);
	CHECK((uintptr_t)old.ss_sp == own.lo);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	CHECK_INT(rcgo__altstack_change(&own, &theirs, &old), 0);
	CHECK(kernel_stack().ss_sp == big);
	CHECK_INT(rcgo__altstack_change(&own, &off, &old), 0);
	CHECK(old.ss_sp == big);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	// An alternate stack of ours that C saved and restores.
	CHECK_INT(rcgo__altstack_change(&own, &theirs, &old), 0);
	CHECK_INT(rcgo__altstack_change(&own, &old, NULL), 0);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	rcgo__altstack_end(&own);
	CHECK(is_off(kernel_stack()));
}

TEST(off_where_c_had_its_own)
{
	static char big[OWN_SIZE];
	struct rcgo_altstack own = {0};
	stack_t off = {.ss_flags = SS_DISABLE};

	use(big, sizeof big);
	rcgo__altstack_begin(&own);
	CHECK_INT(rcgo__altstack_change(&own, &off, NULL), 0);
	CHECK(own.lo != 0);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	rcgo__altstack_end(&own);
	CHECK(is_off(kernel_stack()));
}

TEST(change_fails_as_the_kernels_does)
{
	static char big[OWN_SIZE];
	struct rcgo_altstack own = {0};
	stack_t tiny = {.ss_sp = big, .ss_size = 100};
	stack_t odd = {.ss_sp = big, .ss_size = sizeof big, .ss_flags = 0x40};

	rcgo__altstack_begin(&own);
	CHECK_INT(rcgo__altstack_change(&own, &tiny, NULL), -ENOMEM);
	CHECK_INT(rcgo__altstack_change(&own, &odd, NULL), -EINVAL);
	CHECK((uintptr_t)kernel_stack().ss_sp == own.lo);
	rcgo__altstack_end(&own);
}

static struct rcgo_altstack in_handler;
static int change_in_handler;
static bool was_inside;

static void
end_inside(int sig)
{
	stack_t off = {.ss_flags = SS_DISABLE};
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);

	(void)sig;
	was_inside = here - in_handler.lo < rcgo__altstack_size();
	change_in_handler = rcgo__altstack_change(&in_handler, &off, NULL);
	rcgo__altstack_end(&in_handler);
}

TEST(thread_that_ends_in_a_handler_keeps_it)
{
	struct sigaction act = {.sa_handler = end_inside, .sa_flags = SA_ONSTACK};
	uintptr_t lo;

	rcgo__altstack_begin(&in_handler);
	lo = in_handler.lo;
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	raise(SIGUSR1);
	CHECK(was_inside);
	CHECK_INT(change_in_handler, -EPERM);
	CHECK((uintptr_t)kernel_stack().ss_sp == lo);
	CHECK(rcgo__altstack_take() != lo);
}

TEST(stack_that_c_has_unmapped_is_not_given_out)
{
	struct rcgo_altstack own = {0};
	stack_t off = {.ss_flags = SS_DISABLE};
	uintptr_t lo, page = (uintptr_t)sysconf(_SC_PAGESIZE);
	size_t size;

	rcgo__altstack_begin(&own);
	lo = own.lo;
	size = rcgo__altstack_size();
	CHECK_INT(syscall(SYS_sigaltstack, &off, NULL), 0);
	CHECK_INT(munmap((void *)(lo & ~(page - 1)), size + 256), 0);
	rcgo__altstack_end(&own);
	CHECK(rcgo__altstack_take() != lo);
}

TEST(none_when_off)
{
	struct rcgo_altstack own = {0};
	stack_t off = {.ss_flags = SS_DISABLE};

	rcgo__altstack_off();
	rcgo__altstack_begin(&own);
	CHECK_INT(own.lo, 0);
	CHECK(is_off(kernel_stack()));
	CHECK_INT(rcgo__altstack_change(&own, &off, NULL), 0);
	CHECK(is_off(kernel_stack()));
}

#define MANY 100

TEST(many_do_not_overlap)
{
	static uintptr_t all[MANY];

	for (size_t i = 0; i < MANY; i++) {
		all[i] = rcgo__altstack_take();
		CHECK(all[i] != 0);
		memset((void *)all[i], (int)i, rcgo__altstack_size());
	}
	for (size_t i = 0; i < MANY; i++) {
		const unsigned char *at = (const unsigned char *)all[i];

		CHECK_INT(at[0], i);
		CHECK_INT(at[rcgo__altstack_size() - 1], i);
		CHECK(rcgo__altstack_is_mapped(all[i]));
		rcgo__altstack_give(all[i]);
	}
}

static void *
take_and_give(void *arg)
{
	for (unsigned i = 0; i < 20000; i++) {
		uintptr_t lo = rcgo__altstack_take();

		CHECK(lo != 0);
		*(void **)lo = arg;
		sched_yield();
		CHECK(*(void **)lo == arg);
		rcgo__altstack_give(lo);
	}
	return NULL;
}

TEST(threads_do_not_share_one)
{
	static char marks[8];
	pthread_t threads[8];

	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		CHECK_INT(pthread_create(&threads[i], NULL, take_and_give, &marks[i]), 0);
	}
	for (size_t i = 0; i < UNIT_COUNTOF(threads); i++) {
		pthread_join(threads[i], NULL);
	}
}

// What a handler of the overflow sees.
static void
overflowed(int sig, siginfo_t *info, void *context)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t at = (uintptr_t)info->si_addr;

	(void)sig;
	(void)context;
	_exit(at < in_handler.lo && in_handler.lo - at < 4096 && here > in_handler.lo ? 0 : 1);
}

__attribute__((noinline)) static int
recurse(int n)
{
	volatile char frame[64] = {(char)n};

	return n == 0 ? frame[0] : recurse(n - 1) + frame[0];
}

static volatile int recursion;

static void
run_over(int sig)
{
	(void)sig;
	recursion += recurse(1 << 20);
}

// The kernel starts again at the top of the stack, because the stack pointer has left it.
TEST(overflow_can_be_handled)
{
	struct sigaction over = {.sa_handler = run_over, .sa_flags = SA_ONSTACK};
	struct sigaction fault = {.sa_flags = SA_ONSTACK | SA_SIGINFO};

	fault.sa_sigaction = overflowed;
	if (unit_emulated()) {
		unit_skip("the emulator grants a guard and makes none");
	}
	rcgo__altstack_begin(&in_handler);
	CHECK_INT(sigaction(SIGUSR1, &over, NULL), 0);
	CHECK_INT(sigaction(SIGSEGV, &fault, NULL), 0);
	raise(SIGUSR1);
	unit_fail(__FILE__, __LINE__, "the handler returned");
}

static G thread_g;
static stack_t of_thread;
static unsigned ran;

static void
look(void)
{
	of_thread = kernel_stack();
	__atomic_fetch_add(&ran, 1, __ATOMIC_RELEASE);
}

TEST(threads_of_go_have_one)
{
	void *first = NULL;

	setenv("RCGO", "signals=full", 1); // off by default on some CPUs
	standin_start();
	CHECK(kernel_stack().ss_size >= STACK_LEAST);
	for (unsigned i = 1; i <= 50; i++) {
		standin_newm(&thread_g, look);
		unit_await(&ran, i);
		CHECK(of_thread.ss_size >= STACK_LEAST);
		CHECK(of_thread.ss_sp != kernel_stack().ss_sp);
		first = i == 1 ? of_thread.ss_sp : first;
		usleep(1000);
	}
	// A few handlers may have been nested.
	CHECK((uintptr_t)of_thread.ss_sp - (uintptr_t)first < 15 * 2 * STACK_LEAST ||
		(uintptr_t)first - (uintptr_t)of_thread.ss_sp < 15 * 2 * STACK_LEAST);
}

static void
in_go(void *arg)
{
	(void)arg;
	look();
}

static void *
thread_of_c(void *arg)
{
	stack_t before, disabled, off = {.ss_flags = SS_DISABLE};

	before = kernel_stack();
	standin_export(in_go, arg);
	CHECK(is_off(before));
	CHECK(of_thread.ss_size >= STACK_LEAST);
	CHECK_INT(sigaltstack(&off, NULL), 0);
	disabled = kernel_stack();
	CHECK(disabled.ss_sp == of_thread.ss_sp);
	return NULL;
}

static void
enter_from_c(bool has_crosscall2)
{
	pthread_t thread;
	void *sp = NULL;

	setenv("RCGO", "signals=full", 1);
	standin_rt0();
	standin_main(has_crosscall2);
	for (unsigned i = 0; i < 20; i++) {
		CHECK_INT(pthread_create(&thread, NULL, thread_of_c, NULL), 0);
		pthread_join(thread, NULL);
		CHECK(sp == NULL || of_thread.ss_sp == sp);
		sp = of_thread.ss_sp;
	}
}

TEST(threads_of_c_have_one_from_their_first_entry)
{
	enter_from_c(true);
}

// Go before 1.21 neither asks for bounds nor binds an M.
TEST(threads_of_c_have_one_with_an_old_go)
{
	enter_from_c(false);
}

UNIT_MAIN(UNIT_TEST(core_has_stacks_that_were_used), UNIT_TEST(thread_gets_one_and_gives_it_back),
	UNIT_TEST(stack_of_cs_stays), UNIT_TEST(stack_of_cs_that_is_too_small_comes_back),
	UNIT_TEST(off_means_ours), UNIT_TEST(off_where_c_had_its_own),
	UNIT_TEST(change_fails_as_the_kernels_does),
	UNIT_TEST(thread_that_ends_in_a_handler_keeps_it),
	UNIT_TEST(stack_that_c_has_unmapped_is_not_given_out), UNIT_TEST(none_when_off),
	UNIT_TEST(many_do_not_overlap), UNIT_TEST(threads_do_not_share_one),
	UNIT_TEST(overflow_can_be_handled), UNIT_TEST(threads_of_go_have_one),
	UNIT_TEST(threads_of_c_have_one_from_their_first_entry),
	UNIT_TEST(threads_of_c_have_one_with_an_old_go))
