// SPDX-License-Identifier: BSD-3-Clause
// Arch: a new thread enters Go, and the state that C finds after it has returned.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unwind.h>

#include "go_standin.h"
#include "thread_management.h"
#include "unit.h"

// In probe_<arch>.S.
void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[]);
void unit_probe_setg(void *g);
void unit_probe_fn(void);
extern void *unit_probe_g;
extern uintptr_t unit_probe_setg_sp;
extern uintptr_t unit_probe_fn_sp;

#ifdef __x86_64__
#	define KEPT 6	// rbx, rbp, r12-r15
#	define FIRST 6 // all in the first row
#elif defined(__riscv)
#	define KEPT 24	 // s0-s11, fs0-fs11
#	define FIRST 12 // fs0 repeats s0
#elif defined(__i386__)
#	define KEPT 4 // ebx, ebp, esi, edi
#	define FIRST 4
#elif defined(__s390x__)
#	define KEPT 16 // r6-r13, f8-f15
#	define FIRST 8 // f8 repeats r6
#else
#	define KEPT 19	 // x19-x29, d8-d15
#	define FIRST 11 // d8 repeats x19
#endif

#ifdef __s390x__
#	define STACK_ALIGN 8
#else
#	define STACK_ALIGN 16
#endif

TEST(keeps_registers)
{
	uintptr_t kept[KEPT + 1];
	int g;

	memset(kept, 0, sizeof kept);
	unit_probe_call(unit_probe_fn, unit_probe_setg, &g, kept);
	for (unsigned i = 0; i < KEPT; i++) {
		unsigned pattern = i < FIRST ? i + 1 : i - FIRST + 1;

		CHECK_INT(kept[i], (uintptr_t)0x1111111111111111 * pattern);
	}
	CHECK_INT(kept[KEPT], 0);
	CHECK(unit_probe_g == &g);
}

TEST(aligns_the_stack)
{
	uintptr_t kept[KEPT + 1];

	unit_probe_call(unit_probe_fn, unit_probe_setg, NULL, kept);
	CHECK(unit_probe_setg_sp != 0);
	CHECK_INT(unit_probe_setg_sp % STACK_ALIGN, 0);
	CHECK_INT(unit_probe_fn_sp, unit_probe_setg_sp);
}

static G some_g;
static unsigned order;

static void
setg_first(void *g)
{
	CHECK(g == &some_g);
	CHECK_INT(order, 0);
	order = 1;
	standin_setg(g);
}

static void
then_fn(void)
{
	CHECK_INT(order, 1);
	CHECK(standin_getg() == &some_g);
	order = 2;
}

TEST(installs_g_before_fn)
{
	rcgo__crosscall1(then_fn, setg_first, &some_g);
	CHECK_INT(order, 2);
}

// The functions on the stack, innermost first.
struct trace {
	void *functions[64];
	unsigned n;
};

static _Unwind_Reason_Code
add_frame(struct _Unwind_Context *context, void *arg)
{
	struct trace *t = arg;
	int before;
	uintptr_t pc = _Unwind_GetIPInfo(context, &before);

	if (t->n == UNIT_COUNTOF(t->functions)) {
		return _URC_END_OF_STACK;
	}
	// The unwinder looks up the address minus 1.
	t->functions[t->n++] = _Unwind_FindEnclosingFunction((void *)(pc + (before ? 1 : 0)));
	return _URC_NO_REASON;
}

static bool
on_stack(void (*function)(void))
{
	struct trace t = {.n = 0};

	_Unwind_Backtrace(add_frame, &t);
	for (unsigned i = 0; i < t.n; i++) {
		if (t.functions[i] == (void *)function) {
			return true;
		}
	}
	return false;
}

static unsigned traces;
static void outer(void);

static void
trace_in_setg(void *g)
{
	(void)g;
	CHECK(on_stack((void (*)(void))rcgo__crosscall1));
	CHECK(on_stack(outer));
	traces++;
}

static void
trace_in_fn(void)
{
	trace_in_setg(NULL);
}

__attribute__((noinline)) static void
outer(void)
{
	rcgo__crosscall1(trace_in_fn, trace_in_setg, NULL);
	__asm__ volatile("");
}

TEST(unwinds_to_the_caller)
{
	outer();
	CHECK_INT(traces, 2);
}

#ifdef __x86_64__

#	define TRAP_FLAG 0x100

static void stepped(void);
static unsigned steps, lost;

static void
step_setg(void *g)
{
	(void)g;
}

static void
step_fn(void)
{
}

// After each instruction of rcgo__crosscall1, the unwinder must find the caller.
static void
on_step(int sig, siginfo_t *info, void *context)
{
	const ucontext_t *u = context;
	uintptr_t pc = (uintptr_t)u->uc_mcontext.gregs[REG_RIP];
	uintptr_t from = (uintptr_t)rcgo__crosscall1;

	(void)sig;
	(void)info;
	if (pc >= from && pc < from + 256 &&
		_Unwind_FindEnclosingFunction((void *)(pc + 1)) == (void *)rcgo__crosscall1) {
		steps++;
		lost += !on_stack(stepped);
	}
}

__attribute__((noinline)) static void
stepped(void)
{
	__asm__ volatile("pushfq; orq %0, (%%rsp); popfq" : : "i"(TRAP_FLAG) : "memory", "cc");
	rcgo__crosscall1(step_fn, step_setg, NULL);
	__asm__ volatile("pushfq; andq %0, (%%rsp); popfq" : : "i"(~TRAP_FLAG) : "memory", "cc");
}

TEST(unwinds_from_every_instruction)
{
	struct sigaction act = {.sa_sigaction = on_step, .sa_flags = SA_SIGINFO};

	if (UNIT_ASAN || UNIT_TSAN) {
		unit_skip("a sanitizer is in the way of single steps");
	}
	// Unwinds once outside the handler, so that lazily loaded objects are loaded.
	CHECK(!on_stack(stepped));
	CHECK_INT(sigaction(SIGTRAP, &act, NULL), 0);
	stepped();
	CHECK_INT(steps, 21);
	CHECK_INT(lost, 0);
}

#else

// The emulator has no single-stepping.
TEST(unwinds_from_every_instruction)
{
	unit_skip("single steps are for amd64 only");
}

#endif

static bool found_start;

static void
trace_on_thread(void)
{
	found_start = on_stack((void (*)(void))rcgo__crosscall1);
	__atomic_store_n(&traces, 1, __ATOMIC_RELEASE);
}

TEST(unwinds_on_a_thread_of_go)
{
	standin_start();
	standin_newm(&some_g, trace_on_thread);
	unit_await(&traces, 1);
	CHECK(found_start);
}

UNIT_MAIN(UNIT_TEST(keeps_registers), UNIT_TEST(aligns_the_stack), UNIT_TEST(installs_g_before_fn),
	UNIT_TEST(unwinds_to_the_caller), UNIT_TEST(unwinds_from_every_instruction),
	UNIT_TEST(unwinds_on_a_thread_of_go))
