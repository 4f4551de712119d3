// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package stackstest has C code that hangs in several ways, for tests of package stacks.
package stackstest

/*
#cgo CFLAGS: -O2 -fomit-frame-pointer
#cgo LDFLAGS: -pthread
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER;
static int ends[2] = {-1, -1};
static atomic_int go_on;

// The threads that are in each function, by their kernel ids.
static atomic_int in_mutex, in_poll, in_run;
static atomic_int mutex_tids[8], poll_tid;

static void
hold(void)
{
	pthread_mutex_lock(&held);
	if (pipe(ends) != 0) {
		ends[0] = -1;
	}
	atomic_store(&in_mutex, 0);
	for (int i = 0; i < 8; i++) {
		atomic_store(&mutex_tids[i], 0);
	}
	atomic_store(&in_poll, 0);
	atomic_store(&in_run, 0);
	atomic_store(&go_on, 1);
}

static void
release(void)
{
	atomic_store(&go_on, 0);
	pthread_mutex_unlock(&held);
	close(ends[1]);
}

// Returns whether the kernel says that the thread waits in a system call. A thread that is about to
// wait counts as running.
static int
waits(int tid)
{
	char path[64], text[16] = "";
	int fd, n;

	snprintf(path, sizeof path, "/proc/self/task/%d/syscall", tid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? 0 : (int)read(fd, text, sizeof text - 1);
	close(fd);
	return n > 0 && text[0] >= '0' && text[0] <= '9';
}

static int
mutex_waits(int threads)
{
	if (atomic_load(&in_mutex) != threads) {
		return 0;
	}
	for (int i = 0; i < threads; i++) {
		if (!waits(atomic_load(&mutex_tids[i]))) {
			return 0;
		}
	}
	return 1;
}

static int poll_waits(void) { return atomic_load(&in_poll) != 0 && waits(atomic_load(&poll_tid)); }
static int runs(void) { return atomic_load(&in_run); }

static __attribute__((noinline)) void
stacks_waits_for_mutex(void)
{
	int i = atomic_fetch_add(&in_mutex, 1);

	atomic_store(&mutex_tids[i % 8], (int)syscall(SYS_gettid));
	pthread_mutex_lock(&held);
	pthread_mutex_unlock(&held);
}

static __attribute__((noinline)) int
stacks_waits_in_poll(void)
{
	struct pollfd p = {.fd = ends[0]};
	int n;

	atomic_store(&poll_tid, (int)syscall(SYS_gettid));
	atomic_store(&in_poll, 1);
	n = poll(&p, 1, -1);

	return n < 0 ? errno : 0;
}

static __attribute__((noinline)) void
stacks_runs(void)
{
	atomic_store(&in_run, 1);
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

import "time"

func await(state func() bool) {
	for !state() {
		time.Sleep(time.Millisecond)
	}
}

// AwaitMutex waits until so many threads wait for the mutex, AwaitPoll until one waits in poll, and
// AwaitRun until one is in Run.
func AwaitMutex(threads int) { await(func() bool { return C.mutex_waits(C.int(threads)) != 0 }) }
func AwaitPoll()             { await(func() bool { return C.poll_waits() != 0 }) }
func AwaitRun()              { await(func() bool { return C.runs() != 0 }) }

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
