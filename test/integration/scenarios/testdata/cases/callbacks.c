// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "callbacks.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "_cgo_export.h"

#define SMALL_STACK (64 * 1024)
#define THREADS_MAX 64

int
nest(int depth)
{
	volatile char frame[256]; // a C frame of noticeable size at each level

	frame[0] = (char)depth;
	return depth == 0 ? 0 : caseNest(depth - 1) + (frame[0] == (char)depth);
}

void
through_c(int value)
{
	volatile char frame[256];

	frame[0] = (char)value;
	casePanic(value);
	frame[1] = frame[0];
}

static pthread_key_t early_key, late_key;
static int keys_err;

// One key is created before Go's and one after it: destructors run in the order of keys, so one of
// them finds the thread bound to an M and the other finds it unbound.
__attribute__((constructor)) static void
create_early_key(void)
{
	keys_err = pthread_key_create(&early_key, caseKeyEnds);
}

static pthread_once_t late_once = PTHREAD_ONCE_INIT;

static void
create_late_key(void)
{
	int err = pthread_key_create(&late_key, caseKeyEnds);

	keys_err = keys_err != 0 ? keys_err : err;
}

struct job {
	int kind, calls, err;
};

// While the thread is bound to an M, Go unblocks the signals that it needs (SIGSEGV, SIGPROF, …),
// so the full mask is restored only when the thread ends. Signals that Go does not need stay
// blocked.
static void
call_with_all_blocked(struct job *job)
{
	static const int theirs[] = {SIGUSR1, SIGUSR2, SIGALRM, SIGWINCH};
	sigset_t all, after;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	for (int i = 0; i < job->calls; i++) {
		caseCount();
	}
	pthread_sigmask(SIG_SETMASK, NULL, &after);
	for (size_t i = 0; i < sizeof theirs / sizeof theirs[0]; i++) {
		if (sigismember(&after, theirs[i]) != 1) {
			job->err = ERANGE;
		}
	}
}

static void *
thread_main(void *arg)
{
	struct job *job = arg;

	if (job->kind == THREAD_SIGNALS_BLOCKED) {
		call_with_all_blocked(job);
		return NULL;
	}
	if (job->kind == THREAD_WITH_KEY) {
		pthread_setspecific(early_key, job);
		pthread_setspecific(late_key, job);
	}
	for (int i = 0; i < job->calls; i++) {
		caseCount();
	}
	return NULL;
}

static int
start(pthread_t *thread, struct job *job)
{
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	if (job->kind == THREAD_SMALL_STACK) {
		pthread_attr_setstacksize(&attr, SMALL_STACK);
	}
	err = pthread_create(thread, &attr, thread_main, job);
	pthread_attr_destroy(&attr);
	return err;
}

int
run_threads(int kind, int count, int together, int calls)
{
	pthread_t threads[THREADS_MAX];
	struct job jobs[THREADS_MAX];
	int err = 0;

	pthread_once(&late_once, create_late_key);
	if (keys_err != 0 || together > THREADS_MAX) {
		return keys_err != 0 ? keys_err : EINVAL;
	}
	for (int done = 0; done < count && err == 0; done += together) {
		int n = 0;

		for (; n < together && done + n < count && err == 0; n++) {
			jobs[n] = (struct job){kind, calls, 0};
			err = start(&threads[n], &jobs[n]);
			n -= err != 0;
		}
		for (int i = 0; i < n; i++) {
			pthread_join(threads[i], NULL);
			err = err != 0 ? err : jobs[i].err;
		}
	}
	return err;
}
