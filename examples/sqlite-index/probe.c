// SPDX-License-Identifier: BSD-3-Clause
// Questions to the C library and the kernel. The answers show whether Go and C agree.
#include "index.h"
#include "_cgo_export.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct probe {
	uintptr_t handle;
	int signo;
	int raised;
	int recovered;
};

static void *
probe_main(void *arg)
{
	struct probe *p = arg;

	stats_c_thread();
	stats_entry();
	p->recovered = goFault(p->handle);
	p->raised = raise(p->signo);
	return NULL;
}

// On a new C thread: Go dereferences nil and recovers, then C raises a signal that Go awaits.
int
probe_thread(uintptr_t handle, int signo, int *recovered)
{
	struct probe p = {.handle = handle, .signo = signo, .raised = -1};
	pthread_t thread;
	int rc = pthread_create(&thread, NULL, probe_main, &p);

	if (rc != 0) {
		return rc;
	}
	rc = pthread_join(thread, NULL);
	*recovered = p.recovered;
	return rc != 0 ? rc : p.raised;
}

// Waits until party threads are in this function at the same time. Returns 0 if they do not come.
int
probe_meet(int party)
{
	static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
	static pthread_cond_t all_here = PTHREAD_COND_INITIALIZER;
	static int here;
	struct timespec until;
	int rc = 0;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 10;
	pthread_mutex_lock(&lock);
	here++;
	pthread_cond_broadcast(&all_here);
	while (here < party && rc == 0) {
		rc = pthread_cond_timedwait(&all_here, &lock, &until);
	}
	pthread_mutex_unlock(&lock);
	return rc == 0;
}

// Works until a profiler has taken a sample in C, but no longer than the limit. A small tree is
// finished before the first sample.
void
probe_sampled(int seconds)
{
	time_t end = time(NULL) + seconds;
	struct stats now;

	do {
		stats_get(&now);
	} while (now.frames == 0 && time(NULL) <= end);
}

int
probe_env_is(const char *name, const char *value)
{
	const char *seen = getenv(name);

	return seen != NULL && strcmp(seen, value) == 0;
}

int
probe_terminal(int fd)
{
	return isatty(fd);
}

// Returns whether the C library reports a handler for the signal that runs on the signal stack.
int
probe_handler(int signo, int *on_altstack)
{
	struct sigaction sa;

	if (sigaction(signo, NULL, &sa) != 0) {
		return 0;
	}
	*on_altstack = (sa.sa_flags & SA_ONSTACK) != 0;
	return sa.sa_handler != SIG_DFL && sa.sa_handler != SIG_IGN;
}
