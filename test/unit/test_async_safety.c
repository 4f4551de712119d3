// SPDX-License-Identifier: BSD-3-Clause
// Handler safety: no function that may run in a signal handler takes a lock or allocates.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "async_safety_traps.h"
#include "go_standin.h"
#include "context_management.h"
#include "fatal.h"
#include "fork_detect.h"
#include "signal_handling.h"
#include "strbuf.h"
#include "sigset_tools.h"
#include "unit.h"

static struct unit_end end;

static __thread unsigned handled;

// What runs in the handler.
static void (*inside)(siginfo_t *info, void *context);

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	(void)sig;
	as_in_handler = true;
	inside(info, context);
	as_in_handler = false;
	handled++;
}

// A timer of one millisecond, while this thread allocates and takes locks all the time.
static void
stress(void (*what)(siginfo_t *, void *))
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	struct sigaction act = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};

	inside = what;
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	free(malloc(1));
	unit_stress_start(SIGUSR1);
	do {
		for (int i = 0; i < 100; i++) {
			void *p = malloc((size_t)i * 100);

			pthread_mutex_lock(&lock);
			pthread_mutex_unlock(&lock);
			free(p);
		}
	} while (unit_stress_lasts(&handled));
	unit_stress_stop();
}

static void
register_signal(siginfo_t *info, void *context)
{
	go_sigaction_t act = {.handler = 0x1000, .flags = SA_SIGINFO, .mask = rcgo__sigset_full()};
	go_sigaction_t old;

	(void)info;
	(void)context;
	x_cgo_sigaction(SIGUSR2, &act, &old);
	act.mask = set_of_bits(0x123456789);
	x_cgo_sigaction(SIGUSR2, &act, NULL);
	x_cgo_sigaction(SIGKILL, &act, &old);
	x_cgo_sigaction(SIGUSR2, NULL, &old);
}

TEST(sigaction_in_a_handler)
{
	stress(register_signal);
}

static uintptr_t buffer[RCGO_CALLERS_MAX];

static void
traceback(struct cgoTracebackArg *arg)
{
	arg->Buf[0] = 1;
	arg->Buf[1] = 0;
}

static void
symbolizer(struct cgoSymbolizerArg *arg)
{
	arg->Lineno = 1;
}

static void
sigtramp(uintptr_t sig, void *info, void *context)
{
	(void)sig;
	(void)info;
	(void)context;
}

static void
unwind(siginfo_t *info, void *context)
{
	struct cgoTracebackArg t = {.Buf = buffer, .Max = RCGO_CALLERS_MAX};
	struct cgoSymbolizerArg s = {.PC = 1};

	x_cgo_callers(SIGPROF, info, context, traceback, buffer, sigtramp);
	x_cgo_callers(SIGURG, info, context, traceback, buffer, sigtramp);
	x_cgo_call_traceback_function(&t);
	x_cgo_call_symbolizer_function(&s);
	_cgo_release_context(0);
}

TEST(traceback_in_a_handler)
{
	struct cgoSetTracebackFunctionsArg set = {traceback, NULL, symbolizer};

	standin_start();
	stress(unwind);
	x_cgo_set_traceback_functions(&set);
	stress(unwind);
}

// The functions that build messages, except for the table of limits.
static void
compose(siginfo_t *info, void *context)
{
	char buf[256];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	(void)info;
	(void)context;
	rcgo__append_str(&t, "text ");
	rcgo__append_uint(&t, 42, 7);
	rcgo__append_hex(&t, 42);
	rcgo__append_padding(&t, 0, 99);
	rcgo__append_errno(&t, EAGAIN);
	rcgo__append_errno(&t, 9999);
	rcgo__file_read("/proc/self/stat", buf, sizeof buf);
	rcgo__file_lines("/proc/self/status");
	(void)rcgo__forked();
	(void)rcgo__init_barrier_state();
	rcgo__hooks_traceback();
}

TEST(text_and_files_in_a_handler)
{
	standin_start();
	stress(compose);
}

static void
map_and_unmap(siginfo_t *info, void *context)
{
	uintptr_t p = x_cgo_mmap(NULL, 65536, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)info;
	(void)context;
	x_cgo_munmap((void *)p, 65536);
}

TEST(mappings_in_a_handler)
{
	stress(map_and_unmap);
}

static void
die(siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	rcgo__fatal_errno("something", EAGAIN);
}

static void
die_in_handler(void *arg)
{
	(void)arg;
	stress(die);
}

TEST(fatal_in_a_handler)
{
	CHECK_ABORTS(&end, die_in_handler, NULL);
	CHECK_STR(end.err,
		"runtime/cgo: something failed: Resource temporarily unavailable (EAGAIN)\n");
}

// The traps work: functions that are known to be unsafe are caught.
static void
bad_traceback(struct cgoTracebackArg *arg)
{
	arg->Buf = malloc(arg->Max);
}

static void
unsafe_unwind(siginfo_t *info, void *context)
{
	x_cgo_callers(SIGPROF, info, context, bad_traceback, buffer, sigtramp);
}

static void
unsafe_register(siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	x_cgo_set_context_function(NULL);
}

// libc's own function. Go reaches it under a lock of ours (runtime/syscall/environ_linux.c).
static void
unsafe_environment(siginfo_t *info, void *context)
{
	(void)info;
	(void)context;
	setenv("RCGO_TEST", "x", 1);
}

static void
run_unsafe(void *what)
{
	void (*f)(siginfo_t *, void *);

	memcpy(&f, what, sizeof f);
	standin_start();
	stress(f);
}

static void
check_trapped(void (*what)(siginfo_t *, void *), const char *name)
{
	CHECK_ABORTS(&end, run_unsafe, &what);
	CHECK_HAS(end.err, name);
}

TEST(what_is_unsafe_is_caught)
{
	check_trapped(unsafe_unwind, "called in a handler: malloc");
	check_trapped(unsafe_register, "called in a handler: pthread_mutex_lock");
	check_trapped(unsafe_environment, "called in a handler: setenv");
}

UNIT_MAIN(UNIT_TEST(sigaction_in_a_handler), UNIT_TEST(traceback_in_a_handler),
	UNIT_TEST(text_and_files_in_a_handler), UNIT_TEST(mappings_in_a_handler),
	UNIT_TEST(fatal_in_a_handler), UNIT_TEST(what_is_unsafe_is_caught))
