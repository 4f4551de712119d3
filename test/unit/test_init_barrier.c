// SPDX-License-Identifier: BSD-3-Clause
// Context Management: C threads wait until Go is initialized.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "go_standin.h"
#include "inject.h"
#include "context_management.h"
#include "fork_detect.h"
#include "options.h"
#include "unit.h"

#define WAITERS 8

static struct unit_end end;
static unsigned arrived;
static unsigned passed;
static unsigned opened;
static unsigned ticks;

static void
pause_ms(long ms)
{
	const struct timespec ts = {.tv_nsec = ms * 1000000};

	clock_nanosleep(CLOCK_MONOTONIC, 0, &ts, NULL);
}

static void *
waiter(void *stress)
{
	uintptr_t context;

	if (stress != NULL) {
		unit_stress_start(SIGUSR1);
	}
	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
	errno = 77;
	context = _cgo_wait_runtime_init_done();
	CHECK_INT(errno, 77);
	CHECK_INT(context, 0);
	CHECK_INT(__atomic_load_n(&opened, __ATOMIC_ACQUIRE), 1);
	_cgo_release_context(context);
	if (stress != NULL) {
		unit_stress_stop();
	}
	__atomic_fetch_add(&passed, 1, __ATOMIC_RELEASE);
	return NULL;
}

static void
check_waiters(void *stress, void (*start)(void))
{
	pthread_t t[WAITERS];

	for (int i = 0; i < WAITERS; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, waiter, stress), 0);
	}
	unit_await(&arrived, WAITERS);
	start();
	pause_ms(stress != NULL ? 300 : 50);
	CHECK_INT(__atomic_load_n(&passed, __ATOMIC_ACQUIRE), 0);
	__atomic_store_n(&opened, 1, __ATOMIC_RELEASE);
	standin_main(true);
	for (int i = 0; i < WAITERS; i++) {
		CHECK_INT(pthread_join(t[i], NULL), 0);
	}
	CHECK_INT(passed, WAITERS);
}

static void
start_nothing(void)
{
}

TEST(threads_wait_until_go_is_up)
{
	standin_rt0();
	check_waiters(NULL, start_nothing);
}

// c-shared: calls that may wait even before Go's own first call.
TEST(threads_wait_from_before_go_starts)
{
	check_waiters(NULL, standin_rt0);
}

TEST(threads_wait_while_a_library_loads)
{
	check_waiters(NULL, standin_library_load);
}

static void
on_tick(int sig)
{
	(void)sig;
	__atomic_fetch_add(&ticks, 1, __ATOMIC_RELAXED);
}

TEST(threads_wait_through_a_stress_of_signals)
{
	struct sigaction act = {.sa_handler = on_tick};

	standin_rt0();
	CHECK_INT(sigaction(SIGUSR1, &act, NULL), 0);
	check_waiters(&opened, start_nothing);
	CHECK(ticks > 100);
}

TEST(an_open_gate_costs_nothing)
{
	unsigned locks;

	CHECK_INT(rcgo__init_barrier_state(), 0);
	standin_rt0();
	CHECK_INT(rcgo__init_barrier_state(), 0);
	standin_main(true);
	CHECK_INT(rcgo__init_barrier_state(), RCGO_INIT_STATE_OPEN);
	locks = inject_mmap.calls + inject_malloc.calls;
	errno = 77;
	for (int i = 0; i < 1000; i++) {
		CHECK_INT(_cgo_wait_runtime_init_done(), 0);
	}
	CHECK_INT(errno, 77);
	CHECK_INT(inject_mmap.calls + inject_malloc.calls, locks);
	// Go reports it once; a second report changes nothing.
	x_cgo_notify_runtime_init_done(NULL);
	CHECK_INT(_cgo_wait_runtime_init_done(), 0);
}

static void
need_wiping(void)
{
	if (!unit_wipes_on_fork()) {
		unit_skip("nothing is wiped here when a process forks");
	}
}

static void
enter_go(void *arg)
{
	(void)arg;
	_cgo_wait_runtime_init_done();
}

TEST(a_child_forked_before_go_is_up)
{
	standin_rt0();
	CHECK_ABORTS(&end, enter_go, NULL);
	CHECK_HAS(end.err, "Go was entered in a forked child process");
}

// A call that needs no other thread works in a child and costs the same as in the parent.
static void
go_on(void *arg)
{
	CHECK_INT(_cgo_wait_runtime_init_done(), arg != NULL ? 5 : 0);
	CHECK(rcgo__init_barrier_state() != 0);
	CHECK(rcgo__forked());
	CHECK_INT(_cgo_wait_runtime_init_done(), arg != NULL ? 5 : 0);
}

static void
fork_again(void *arg)
{
	go_on(arg);
	CHECK_ENDS_WELL(&end, go_on, arg);
}

TEST(a_child_forked_when_go_is_up)
{
	need_wiping();
	standin_start();
	CHECK_ENDS_WELL(&end, go_on, NULL);
	CHECK_STR(end.err, "");
	CHECK_ENDS_WELL(&end, fork_again, NULL);
	CHECK_INT(_cgo_wait_runtime_init_done(), 0);
	CHECK((_cgo_yield != NULL) == UNIT_TSAN);
}

TEST(a_child_that_is_to_end)
{
	need_wiping();
	CHECK_INT(setenv("RCGO", "fork=end", 1), 0);
	standin_start();
	CHECK_ABORTS(&end, enter_go, NULL);
	CHECK_HAS(end.err, "Go was entered in a forked child process");
	CHECK_INT(_cgo_wait_runtime_init_done(), 0);
}

TEST(a_child_that_is_warned)
{
	need_wiping();
	CHECK_INT(setenv("RCGO", "fork=warn", 1), 0);
	standin_start();
	CHECK_ENDS_WELL(&end, go_on, NULL);
	CHECK_HAS(end.err, "runtime/cgo: Go was entered in a forked child process");
	CHECK(strstr(strstr(end.err, "Go was entered") + 1, "Go was entered") == NULL);
}

// Simulates Go while the calling thread waits for another thread for this long.
static void
wait_in_go(unsigned milliseconds)
{
	const struct timespec pause = {.tv_nsec = 10 * 1000 * 1000};

	_cgo_wait_runtime_init_done();
	for (unsigned i = 0; i < milliseconds / 10 && _cgo_yield != NULL; i++) {
		nanosleep(&pause, NULL);
		_cgo_yield();
	}
}

static void
wait_alone(void *arg)
{
	wait_in_go(arg != NULL ? 200 : 3000);
}

static void
wait_with_another(void *arg)
{
	pthread_t t;

	CHECK_INT(pthread_create(&t, NULL, (void *(*)(void *))(uintptr_t)pause, arg), 0);
	wait_in_go(1500);
}

static void *
fork_on_a_thread(void *arg)
{
	standin_export(NULL, NULL);
	CHECK_ENDS_WELL(&end, wait_alone, "for a short time");
	CHECK_ABORTS(&end, wait_alone, NULL);
	CHECK_HAS(end.err, "waits for one of Go's other threads");
	CHECK_ENDS_WELL(&end, wait_with_another, NULL);
	CHECK_INT(setenv("RCGO", "fork=stock", 1), 0);
	rcgo__options_init();
	CHECK_ENDS_WELL(&end, wait_alone, NULL);
	CHECK_STR(end.err, "");
	return arg;
}

// A child ends if no thread exists that could wake the waiting one.
TEST(a_child_that_waits_for_ever)
{
	pthread_t t;

	need_wiping();
	if (UNIT_TSAN) {
		unit_skip("TSAN has a thread of its own, and the yield");
	}
	standin_start();
	CHECK_INT(pthread_create(&t, NULL, fork_on_a_thread, NULL), 0);
	pthread_join(t, NULL);
}

static void *
wait_for_ever(void *arg)
{
	__atomic_fetch_add(&arrived, 1, __ATOMIC_RELEASE);
	_cgo_wait_runtime_init_done();
	return arg;
}

// In the child, the mutex may be locked by a thread that does not exist there.
TEST(a_child_forked_while_threads_wait)
{
	pthread_t t[WAITERS];

	standin_rt0();
	for (int i = 0; i < WAITERS; i++) {
		CHECK_INT(pthread_create(&t[i], NULL, wait_for_ever, NULL), 0);
	}
	unit_await(&arrived, WAITERS);
	for (int i = 0; i < 20; i++) {
		CHECK_ABORTS(&end, enter_go, NULL);
		CHECK_HAS(end.err, "Go was entered in a forked child process");
	}
	standin_main(true);
	for (int i = 0; i < WAITERS; i++) {
		pthread_join(t[i], NULL);
	}
}

static void
hook(struct cgoContextArg *arg)
{
	arg->Context = 5;
}

// A context function is stored in the init state.
TEST(a_child_of_a_program_with_a_context_function)
{
	need_wiping();
	standin_start();
	x_cgo_set_context_function(hook);
	CHECK_INT(_cgo_wait_runtime_init_done(), 5);
	CHECK_ENDS_WELL(&end, go_on, "with a context");
}

TEST(a_child_where_the_kernel_cannot_wipe)
{
	inject_arm(&inject_madvise, 0, INJECT_FOR_EVER, EINVAL);
	standin_rt0();
	CHECK_ABORTS(&end, enter_go, NULL);
	CHECK_HAS(end.err, "Go was entered in a forked child process");
}

// The message advises to fork before Go is loaded: that must work.
static void
load_in_child(void *arg)
{
	(void)arg;
	standin_start();
	CHECK_INT(_cgo_wait_runtime_init_done(), 0);
}

TEST(a_child_that_loads_go_itself)
{
	CHECK_ENDS_WELL(&end, load_in_child, NULL);
}

UNIT_MAIN(UNIT_TEST(threads_wait_until_go_is_up), UNIT_TEST(threads_wait_from_before_go_starts),
	UNIT_TEST(threads_wait_while_a_library_loads),
	UNIT_TEST(threads_wait_through_a_stress_of_signals), UNIT_TEST(an_open_gate_costs_nothing),
	UNIT_TEST(a_child_forked_before_go_is_up), UNIT_TEST(a_child_forked_when_go_is_up),
	UNIT_TEST(a_child_that_is_to_end), UNIT_TEST(a_child_that_is_warned),
	UNIT_TEST(a_child_that_waits_for_ever), UNIT_TEST(a_child_forked_while_threads_wait),
	UNIT_TEST(a_child_of_a_program_with_a_context_function),
	UNIT_TEST(a_child_where_the_kernel_cannot_wipe), UNIT_TEST(a_child_that_loads_go_itself))
