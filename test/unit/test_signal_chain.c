// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling and Traceback Generation: our first-chance handler has left the stack when Go's
// handler runs. A debugger cannot unwind through a C frame that called Go's handler.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <ucontext.h>
#include <unwind.h>

#include "go_standin.h"
#include "signal_chain.h"
#include "unit.h"

// The bounds of Go's code, which a program gets from runtime/overlay/rcgo_go_text.s.
extern struct rcgo_go_text {
	uintptr_t start, end;
	const G *(*current_g)(void);
} rcgo_go_text;
struct rcgo_go_text rcgo_go_text;

static uintptr_t callers[RCGO_CALLERS_MAX];
static void *returns_to;
static uintptr_t got_sig;
static void *got_info, *got_context;
static siginfo_t info;
static ucontext_t context;

static void
no_frames(struct cgoTracebackArg *arg)
{
	arg->Buf[0] = 0;
	errno = ENOENT;
}

static void
sigtramp(uintptr_t sig, void *got, void *uc)
{
	got_sig = sig;
	got_info = got;
	got_context = uc;
	returns_to = __builtin_return_address(0);
}

static void
handler_of_go(int sig, siginfo_t *got, void *uc)
{
	got_sig = (uintptr_t)sig;
	got_info = got;
	got_context = uc;
	returns_to = __builtin_return_address(0);
}

__attribute__((noinline)) static void
interrupt_c(uintptr_t sig)
{
	x_cgo_callers(sig, &info, &context, no_frames, callers, sigtramp);
	__asm__ volatile("");
}

__attribute__((noinline)) static void
crash(int sig)
{
	rcgo__signal_chain_entry(sig, &info, &context);
	__asm__ volatile("");
}

static void
check_call(uintptr_t sig, void (*from)(void))
{
	void *function = _Unwind_FindEnclosingFunction(returns_to);

	CHECK(function == (void *)from);
	CHECK_INT(got_sig, sig);
	CHECK(got_info == &info);
	CHECK(got_context == &context);
	CHECK_INT(errno, 77);
	returns_to = NULL;
}

TEST(callers_leave_no_frame)
{
	errno = 77;
	interrupt_c(SIGPROF);
	check_call(SIGPROF, (void (*)(void))interrupt_c);
	interrupt_c(SIGURG);
	check_call(SIGURG, (void (*)(void))interrupt_c);
}

TEST(a_crash_leaves_no_frame)
{
	struct sigaction act = {.sa_flags = SA_SIGINFO | SA_ONSTACK};

	act.sa_sigaction = handler_of_go;
	rcgo_go_text.start = (uintptr_t)handler_of_go;
	rcgo_go_text.end = rcgo_go_text.start + 1;
	CHECK_INT(rcgo__signal_chain_sigaction(SIGBUS, &act, NULL), 0);
	CHECK(rcgo__signal_chain_go_handler(SIGBUS) == handler_of_go);
	errno = 77;
	crash(SIGBUS);
	check_call(SIGBUS, (void (*)(void))crash);
}

UNIT_MAIN(UNIT_TEST(callers_leave_no_frame), UNIT_TEST(a_crash_leaves_no_frame))
