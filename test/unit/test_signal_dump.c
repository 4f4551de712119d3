// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: the table of handlers and the trace of changes, compared with what was
// installed.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kernel_sigaction.h"
#include "interpose.h"
#include "options.h"
#include "signal_dump.h"
#include "runtime_cgo.h"
#include "unit.h"

static void
bare(int sig)
{
	(void)sig;
}

static void
flagged(int sig)
{
	(void)sig;
}

// A symbolize callback that knows one name.
static void
name_it(uintptr_t pc, char *text, size_t size)
{
	if (pc == (uintptr_t)bare) {
		memcpy(text, "bare (here)", size < 12 ? size : 12);
	}
}

static void
install(int sig, void (*handler)(int), int flags, int masked)
{
	struct sigaction act = {.sa_handler = handler, .sa_flags = flags};

	sigemptyset(&act.sa_mask);
	if (masked != 0) {
		sigaddset(&act.sa_mask, masked);
	}
	CHECK_INT(rcgo__interpose_sigaction(sig, &act, NULL), 0);
}

static void
dump(void *unused)
{
	(void)unused;
	errno = EDOM;
	rcgo_signal_dump(STDERR_FILENO);
	CHECK_INT(errno, EDOM);
}

// Returns what body writes to standard error.
static const char *
written(struct unit_end *end, void (*body)(void *))
{
	unit_fork(end, body, NULL);
	CHECK_INT(end->status, 0);
	return end->err;
}

TEST(a_line_for_each)
{
	struct kernel_action raw = {.handler = (uintptr_t)bare, .flags = SA_RESTART};
	struct unit_end end;
	const char *text;
	char address[32] = "";
	struct rcgo_strbuf t = rcgo__strbuf_init(address, sizeof address);

	rcgo__signal_dump_start(name_it);
	install(SIGUSR1, bare, SA_RESTART, SIGHUP);
	install(SIGUSR2, flagged, SA_ONSTACK | SA_NODEFER, 0);
	install(SIGRTMAX, bare, (int)SA_RESETHAND, 0);
	install(SIGSEGV, bare, SA_ONSTACK, 0);
	CHECK_INT(kernel_sigaction(SIGWINCH, &raw, NULL), 0);
	CHECK(signal(SIGTERM, SIG_IGN) != SIG_ERR);
	text = written(&end, dump);
	rcgo__append_hex(&t, (uintptr_t)flagged);
	CHECK_HAS(text,
		"\tSIGUSR1: bare (here), SA_RESTART, mask SIGHUP; on C's stack: moved there "
		"with its frame\n");
	CHECK_HAS(text, "\tSIGUSR2: 0x");
	CHECK_HAS(text, address);
	CHECK_HAS(
		text, ", SA_ONSTACK|SA_NODEFER, mask none; on the alternate stack, as installed\n");
	CHECK_HAS(text, "\tsignal 64: bare (here), SA_RESETHAND, mask none; on C's stack");
	CHECK_HAS(text, "\tSIGSEGV: bare (here), SA_ONSTACK, mask none; on the alternate stack\n");
	CHECK_HAS(text, "\tSIGWINCH: bare (here), SA_RESTART, mask none; on the stack that is "
			"interrupted: not guarded\n");
	CHECK_HAS_NOT(text, "SIGTERM");
	CHECK_HAS_NOT(text, "SIGHUP:");
}

static void
change_all(void *unused)
{
	(void)unused;
	setenv("RCGO", "signals=trace", 1);
	rcgo__options_init();
	rcgo__signal_dump_init();
	install(SIGUSR1, bare, 0, 0);
	rcgo__signal_dump_change(SIGUSR1, RCGO_BY_GO); // Go is not initialized yet
	rcgo__signal_dump_start(name_it);
	rcgo__signal_dump_start(name_it); // the table is written once
	install(SIGUSR2, bare, 0, 0);
	errno = EDOM;
	rcgo__signal_dump_change(SIGUSR2, (uintptr_t)bare + 1);
	rcgo__signal_dump_change(SIGUSR2, RCGO_BY_GO);
	rcgo__signal_dump_change(SIGUSR2, RCGO_BY_RESCAN);
	CHECK_INT(errno, EDOM);
	signal(SIGUSR2, SIG_IGN);
	rcgo__signal_dump_change(SIGUSR2, (uintptr_t)bare + 1);
}

TEST(changes_are_told)
{
	struct unit_end end;
	const char *text = written(&end, change_all), *table = strstr(text, "what has a handler");

	CHECK(table != NULL && strstr(table + 1, "what has a handler") == NULL);
	CHECK_HAS(table, "\n\tSIGUSR1: bare (here), no flags, mask none; on C's stack");
	CHECK_HAS_NOT(text, "Go sets SIGUSR1");
	CHECK_HAS(text,
		"\nruntime/cgo: signals: bare (here) sets SIGUSR2: bare (here), no flags, mask ");
	CHECK_HAS(text, "\nruntime/cgo: signals: Go sets SIGUSR2: ");
	CHECK_HAS(text,
		"\nruntime/cgo: signals: a call that bypassed the interposers sets SIGUSR2: ");
	CHECK_HAS(text, "\nruntime/cgo: signals: bare (here) sets SIGUSR2: ignored\n");
}

static void
change_without_names(void *unused)
{
	(void)unused;
	setenv("RCGO", "signals=trace", 1);
	rcgo__options_init();
	rcgo__signal_dump_init();
	install(SIGUSR1, bare, 0, 0);
	rcgo__signal_dump_change(SIGUSR1, (uintptr_t)bare + 1);
}

static void
change_untraced(void *unused)
{
	(void)unused;
	rcgo__signal_dump_init();
	rcgo__signal_dump_start(name_it);
	rcgo__signal_dump_change(SIGUSR1, (uintptr_t)bare + 1);
}

// Without a symbolize callback, C's first change starts the trace.
TEST(without_names)
{
	struct unit_end end;
	const char *text = written(&end, change_without_names);

	CHECK_HAS(text, "runtime/cgo: signals: what has a handler\n\tSIGUSR1: 0x");
	CHECK_HAS(text, "\nruntime/cgo: signals: 0x");
	CHECK_STR(written(&end, change_untraced), "");
}

UNIT_MAIN(UNIT_TEST(a_line_for_each), UNIT_TEST(changes_are_told), UNIT_TEST(without_names))
