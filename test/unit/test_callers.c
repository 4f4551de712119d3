// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: a signal interrupts C code, and Go asks for frames and names.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "go_standin.h"
#include "sigframe.h"
#include "unit.h"

static struct cgoTracebackArg seen;
static unsigned tracebacks;
static unsigned sigtramps;
static uintptr_t tramp_sig;
static void *tramp_info;
static void *tramp_context;
static uintptr_t callers[RCGO_CALLERS_MAX + 1];

static void
traceback(struct cgoTracebackArg *arg)
{
	CHECK_INT(sigtramps, tracebacks);
	seen = *arg;
	tracebacks++;
	for (uintptr_t i = 0; i < arg->Max; i++) {
		arg->Buf[i] = 0x4000 + i;
	}
}

static void
sigtramp(uintptr_t sig, void *info, void *context)
{
	tramp_sig = sig;
	tramp_info = info;
	tramp_context = context;
	sigtramps++;
}

TEST(passes_all_on)
{
	int info, context;

	memset(callers, 0xa5, sizeof callers);
	for (int sig = 1; sig <= 64; sig++) {
		tracebacks = sigtramps = 0;
		x_cgo_callers((uintptr_t)sig, &info, &context, traceback, callers, sigtramp);
		CHECK_INT(sigtramps, 1);
		CHECK_INT(tramp_sig, sig);
		CHECK(tramp_info == &info);
		CHECK(tramp_context == &context);
		if (sig == SIGURG) {
			CHECK_INT(tracebacks, 0);
			continue;
		}
		CHECK_INT(tracebacks, 1);
		CHECK_INT(seen.Context, 0);
		CHECK_INT(seen.SigContext, (uintptr_t)&context);
		CHECK(seen.Buf == callers);
		CHECK_INT(seen.Max, 32);
		CHECK_INT(callers[0], 0x4000);
		CHECK_INT(callers[31], 0x401f);
		CHECK_INT(callers[32], (uintptr_t)0xa5a5a5a5a5a5a5a5);
	}
}

// For Go's preemption signal nobody reads the C stack, so the buffer is unchanged.
TEST(preemption_does_not_unwind)
{
	callers[0] = 42;
	x_cgo_callers(SIGURG, NULL, NULL, traceback, callers, sigtramp);
	CHECK_INT(tracebacks, 0);
	CHECK_INT(sigtramps, 1);
	CHECK_INT(callers[0], 42);
}

static void
spoil_errno(struct cgoTracebackArg *arg)
{
	(void)arg;
	errno = ENOENT;
}

static void
nothing(uintptr_t sig, void *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

// The interrupted C code must find errno unchanged: unwinders make system calls.
TEST(keeps_errno)
{
	errno = 77;
	x_cgo_callers(SIGPROF, NULL, NULL, spoil_errno, callers, nothing);
	CHECK_INT(errno, 77);
}

// The signal stack of the stress test below: little more than the minimum of the kernel on this
// CPU, with inaccessible pages on both sides.
#define FRAMES_BYTES 8192

static unsigned in_stress;
static uintptr_t interrupted_pc;
static unsigned wrong;
static char *stack_lo, *stack_hi;

static uintptr_t
context_pc(const ucontext_t *context)
{
	return RCGO_FRAME_PC(context);
}

static void
one_frame(struct cgoTracebackArg *arg)
{
	char here;

	if (&here < stack_lo || &here >= stack_hi || arg->Max != 32) {
		wrong++;
	}
	arg->Buf[0] = context_pc((const ucontext_t *)arg->SigContext);
	arg->Buf[1] = 0;
}

static void
stress_tramp(uintptr_t sig, void *info, void *context)
{
	if (sig != SIGUSR1 || info == NULL || callers[0] != context_pc(context) ||
		callers[1] != 0) {
		wrong++;
	}
	interrupted_pc = callers[0];
	in_stress++;
}

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	x_cgo_callers((uintptr_t)sig, info, context, one_frame, callers, stress_tramp);
}

TEST(on_a_small_signal_stack_under_a_timer)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	long least = sysconf(_SC_MINSIGSTKSZ);
	size_t size = ((size_t)(least > 0 ? least : 2048) + FRAMES_BYTES + page - 1) & ~(page - 1);
	char *all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	stack_t stack = {.ss_sp = all + page, .ss_size = size};
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO | SA_ONSTACK};
	struct timespec now;

	if (UNIT_ASAN || UNIT_TSAN) {
		unit_skip("sanitizers need large signal stacks");
	}
	CHECK(all != MAP_FAILED);
	CHECK_INT(mprotect(all + page, size, PROT_READ | PROT_WRITE), 0);
	stack_lo = all + page;
	stack_hi = stack_lo + size;
	CHECK_INT(sigaltstack(&stack, NULL), 0);
	sigfillset(&act.sa_mask);
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	unit_stress_start(SIGUSR1);
	do {
		errno = 77;
		clock_gettime(CLOCK_MONOTONIC, &now);
		CHECK_INT(errno, 77);
	} while (unit_stress_lasts(&in_stress));
	unit_stress_stop();
	CHECK_INT(wrong, 0);
	CHECK(interrupted_pc != 0);
}

static unsigned symbolized;

static void
hook_traceback(struct cgoTracebackArg *arg)
{
	arg->Buf[0] = arg->Context + arg->SigContext;
	tracebacks++;
}

static void
hook_symbolizer(struct cgoSymbolizerArg *arg)
{
	arg->File = "file.c";
	arg->Lineno = 42;
	arg->Func = "f";
	arg->Entry = arg->PC - 1;
	arg->Data++;
	symbolized++;
}

TEST(hooks_of_go_1_26)
{
	struct cgoSetTracebackFunctionsArg set = {hook_traceback, NULL, hook_symbolizer};
	struct cgoTracebackArg t = {.Context = 40, .SigContext = 2, .Buf = callers, .Max = 1};
	struct cgoSymbolizerArg s = {.PC = 100, .Data = 6};

	standin_start();
	x_cgo_set_traceback_functions(&set);
	x_cgo_call_traceback_function(&t);
	CHECK_INT(tracebacks, 1);
	CHECK_INT(callers[0], 42);
	x_cgo_call_symbolizer_function(&s);
	CHECK_INT(symbolized, 1);
	CHECK_STR(s.File, "file.c");
	CHECK_STR(s.Func, "f");
	CHECK_INT(s.Lineno, 42);
	CHECK_INT(s.Entry, 99);
	CHECK_INT(s.Data, 7);
}

TEST(absent_hooks_change_nothing)
{
	struct cgoSetTracebackFunctionsArg none = {NULL, NULL, NULL};
	struct cgoTracebackArg t = {.Context = 1, .SigContext = 2, .Buf = callers, .Max = 4};
	struct cgoTracebackArg t_copy = t;
	struct cgoSymbolizerArg s = {.PC = 100, .Data = 6};
	struct cgoSymbolizerArg s_copy = s;

	for (int i = 0; i < 3; i++) {
		x_cgo_call_traceback_function(&t);
		x_cgo_call_symbolizer_function(&s);
		CHECK(memcmp(&t, &t_copy, sizeof t) == 0);
		CHECK(memcmp(&s, &s_copy, sizeof s) == 0);
		CHECK_INT(callers[0], 0);
		if (i == 0) {
			standin_start();
		} else {
			x_cgo_set_traceback_functions(&none);
		}
	}
	// Up to Go 1.25, a context function can be registered here alone.
	x_cgo_set_context_function(NULL);
	x_cgo_call_traceback_function(&t);
	x_cgo_call_symbolizer_function(&s);
	CHECK_INT(callers[0], 0);
}

UNIT_MAIN(UNIT_TEST(passes_all_on), UNIT_TEST(preemption_does_not_unwind), UNIT_TEST(keeps_errno),
	UNIT_TEST(on_a_small_signal_stack_under_a_timer), UNIT_TEST(hooks_of_go_1_26),
	UNIT_TEST(absent_hooks_change_nothing))
