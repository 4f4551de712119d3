// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package stackstest has C code that hangs in several ways, for tests of package stacks.
package stackstest

/*
#cgo CFLAGS: -O2 -fomit-frame-pointer
#cgo LDFLAGS: -pthread
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static int ends[2] = {-1, -1};
static atomic_int go_on;

static void
hold(void)
{
	pthread_mutex_lock(&held);
	if (pipe(ends) != 0) {
		ends[0] = -1;
	}
	atomic_store(&go_on, 1);
}

static void
release(void)
{
	atomic_store(&go_on, 0);
	pthread_mutex_unlock(&held);
	close(ends[1]);
}

static __attribute__((noinline)) void
stacks_waits_for_mutex(void)
{
	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
}

static __attribute__((noinline)) int
stacks_waits_in_poll(void)
{
	struct pollfd p = {.fd = ends[0]};
	int n = poll(&p, 1, -1);

	return n < 0 ? errno : 0;
}

static __attribute__((noinline)) void
stacks_runs(void)
{
	while (atomic_load(&go_on) != 0) {
	}
}

static __attribute__((noinline)) void *
stacks_c_thread(void *arg)
{
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	stacks_waits_for_mutex();
	return arg;
}

static pthread_t c_thread;

static void
start_thread(void)
{
	pthread_create(&c_thread, NULL, stacks_c_thread, NULL);
}

static void
join_thread(void)
{
	pthread_join(c_thread, NULL);
}
*/
import "C"

// Hold makes the functions below hang, and Release ends them.
func Hold()    { C.hold() }
func Release() { C.release() }

// Mutex waits for a mutex: a system call that the kernel restarts.
func Mutex() { C.stacks_waits_for_mutex() }

// Poll waits in poll, and returns its errno, or 0.
func Poll() int { return int(C.stacks_waits_in_poll()) }

// Run uses the processor.
func Run() { C.stacks_runs() }

// Start starts a C thread, which blocks all signals and waits for the mutex. Join waits for its end.
func Start() { C.start_thread() }
func Join()  { C.join_thread() }
