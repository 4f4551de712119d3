// SPDX-License-Identifier: BSD-3-Clause
// Base: ending the process with a message.

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inject.h"
#include "fatal.h"
#include "unit.h"

static struct unit_end end;

static void
say(void *arg)
{
	rcgo__fatal(arg);
}

static void
say_errno(void *arg)
{
	rcgo__fatal_errno("frobnicate", *(int *)arg);
}

TEST(message)
{
	CHECK_ABORTS(&end, say, "it broke");
	CHECK_STR(end.err, "runtime/cgo: it broke\n");
	CHECK_ABORTS(&end, say, "first\n\tsecond\n\tthird");
	CHECK_STR(end.err, "runtime/cgo: first\n\tsecond\n\tthird\n");
	CHECK_ABORTS(&end, say, "");
	CHECK_STR(end.err, "runtime/cgo: \n");
}

TEST(message_of_a_call)
{
	int err = ENOMEM;

	CHECK_ABORTS(&end, say_errno, &err);
	CHECK_STR(end.err, "runtime/cgo: frobnicate failed: Cannot allocate memory (ENOMEM)\n");
	err = 4095;
	CHECK_ABORTS(&end, say_errno, &err);
	CHECK_STR(end.err, "runtime/cgo: frobnicate failed: errno 4095\n");
}

TEST(long_message)
{
	char *text = malloc(10000);

	memset(text, 'x', 9999);
	text[9999] = 0;
	CHECK_ABORTS(&end, say, text);
	CHECK(end.len > 1000 && end.len < 4096);
	CHECK(memcmp(end.err, "runtime/cgo: xxx", 16) == 0);
	CHECK(unit_emulated() || strspn(end.err + 13, "x\n") == end.len - 13);
	free(text);
}

static void
say_in_parts(void *arg)
{
	inject_chunk = 5;
	inject_arm(&inject_write, 2, 4, EINTR);
	rcgo__fatal(arg);
}

TEST(message_is_whole_when_interrupted)
{
	CHECK_ABORTS(&end, say_in_parts, "a message that takes many calls of write");
	CHECK_STR(end.err, "runtime/cgo: a message that takes many calls of write\n");
}

static void
say_to_nobody(void *arg)
{
	rcgo__fatal(arg);
}

static void
close_and_say(void *arg)
{
	close(STDERR_FILENO);
	say_to_nobody(arg);
}

TEST(aborts_without_standard_error)
{
	unit_fork(&end, close_and_say, "lost");
	CHECK(!end.late);
	CHECK_INT(end.status & 0x7f, SIGABRT);
}

static void
say_blocked(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	rcgo__fatal(arg);
}

TEST(aborts_with_all_signals_blocked)
{
	CHECK_ABORTS(&end, say_blocked, "blocked");
	CHECK_STR(end.err, "runtime/cgo: blocked\n");
}

static void
on_signal(int sig)
{
	(void)sig;
	rcgo__fatal("in a handler");
}

static void
say_in_handler(void *arg)
{
	stack_t stack = {.ss_sp = arg, .ss_size = 16384};
	struct sigaction act = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

	sigaltstack(&stack, NULL);
	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
}

TEST(in_a_handler_on_its_own_stack)
{
	char *stack = malloc(16384);

	CHECK_ABORTS(&end, say_in_handler, stack);
	CHECK_STR(end.err, "runtime/cgo: in a handler\n");
	free(stack);
}

UNIT_MAIN(UNIT_TEST(message), UNIT_TEST(message_of_a_call), UNIT_TEST(long_message),
	UNIT_TEST(message_is_whole_when_interrupted), UNIT_TEST(aborts_without_standard_error),
	UNIT_TEST(aborts_with_all_signals_blocked), UNIT_TEST(in_a_handler_on_its_own_stack))
