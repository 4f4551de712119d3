// SPDX-License-Identifier: BSD-3-Clause
// RCGO=leafcheck=hangs: a C thread that ends the program with a report if no goroutine runs.
#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "leafcall.h"

// In runtime_cgo.h; not in stock runtime/cgo.
extern size_t rcgo_dump_threads(int fd, unsigned flags) __attribute__((weak));

static const char report[] =
	"leaf: no goroutine has run for some seconds. Usually C holds a lock across a callback:\n"
	"the callback is stopped for a garbage collection, which waits for another call of C,\n"
	"which waits for the lock. Lock it with rcgo_mutex_lock (rcgo_leaf.h), let one goroutine\n"
	"at a time use it, make the callback leaf.Short, or call the function by cgo. Or C runs\n"
	"very long between two callbacks: put that between rcgo_release and rcgo_acquire. The\n"
	"stacks show where.\n";

// owner: rcgo_leaf_beat, which Go calls each second; lock: none; ordering: relaxed, only a count
static uint64_t beats;

// For how many seconds no goroutine may run.
// owner: package leaf; lock: none; ordering: relaxed, it stands alone
static uint32_t limit = 10;

void
rcgo_leaf_set_hang_limit(uint32_t seconds)
{
	__atomic_store_n(&limit, seconds, __ATOMIC_RELAXED);
}

void
rcgo_leaf_beat(void)
{
	__atomic_fetch_add(&beats, 1, __ATOMIC_RELAXED);
}

// Go's handler of SIGQUIT prints the stacks of all goroutines and ends the program.
static void
end_with_report(void)
{
	if (write(STDERR_FILENO, report, sizeof report - 1) > 0 && rcgo_dump_threads != 0) {
		rcgo_dump_threads(STDERR_FILENO, 0);
	}
	kill(getpid(), SIGQUIT);
}

// Seconds are counted one by one, so that those in which the process is stopped do not count.
static void *
watch_beats(void *unused)
{
	struct timespec second = {1, 0};
	uint64_t last = 0;

	(void)unused;
	for (uint32_t same = 0; same < __atomic_load_n(&limit, __ATOMIC_RELAXED); same++) {
		uint64_t now;

		nanosleep(&second, NULL);
		now = __atomic_load_n(&beats, __ATOMIC_RELAXED);
		if (now != last) {
			same = 0;
		}
		last = now;
	}
	end_with_report();
	return NULL;
}

int
rcgo_leaf_watch_hangs(void)
{
	sigset_t all, old;
	pthread_t thread;
	int error;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &old);
	error = pthread_create(&thread, NULL, watch_beats, NULL);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (error == 0) {
		pthread_detach(thread);
	}
	return error;
}
