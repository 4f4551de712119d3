// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: a new thread, or a message that says which limit is in its way.
// Runs on g0 (or, for c-shared, on the loading thread).
// Re-read runtime/cgo/gcc_libinit.c (pthread_unix.c from 1.27).

//go:build unix

#include "rcgo_thread.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <time.h>

#include "rcgo_fatal.h"

// A limit may be reached for a moment only (golang/go#18146), so a start is tried again, at first
// soon, then less often, until two seconds have gone.
#define RETRY_FIRST_NS (100 * 1000L)
#define RETRY_LAST_NS (50 * 1000 * 1000L)
#define RETRY_TOTAL_NS (2000 * 1000 * 1000L)

void
rcgo__thread_plan(struct rcgo_thread_plan *plan)
{
	plan->stack_size = 0;
	pthread_attr_init(&plan->attr);
	pthread_attr_setdetachstate(&plan->attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_getstacksize(&plan->attr, &plan->stack_size);
}

// One try. Returns 0 or an errno.
static int
create(const pthread_attr_t *attr, void *(*f)(void *), void *arg, bool signals_blocked)
{
	pthread_t thread;
	sigset_t all, mask;
	int err;

	if (signals_blocked) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &mask);
	}
	err = pthread_create(&thread, attr, f, arg);
	if (signals_blocked) {
		pthread_sigmask(SIG_SETMASK, &mask, NULL);
	}
	return err;
}

static RCGO_COLD RCGO_NORETURN void
fatal_create(int err, unsigned tries, size_t stack_size)
{
	char buf[1920];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, "pthread_create failed: ");
	rcgo__text_errno(&t, err);
	rcgo__text_str(&t, ", tries: ");
	rcgo__text_dec(&t, tries, 0);
	rcgo__limits_explain(&t, stack_size);
	rcgo__fatal(buf);
}

void
rcgo__thread_create(
	struct rcgo_thread_plan *plan, void *(*f)(void *), void *arg, bool signals_blocked)
{
	long pause = RETRY_FIRST_NS;
	long waited = 0;
	unsigned tries = 1;
	int err = create(&plan->attr, f, arg, signals_blocked);

	while (err == EAGAIN && waited < RETRY_TOTAL_NS) {
		struct timespec ts = {.tv_sec = 0, .tv_nsec = pause};

		while (nanosleep(&ts, &ts) != 0 && errno == EINTR) {
		}
		waited += pause;
		pause = pause * 2 < RETRY_LAST_NS ? pause * 2 : RETRY_LAST_NS;
		tries++;
		err = create(&plan->attr, f, arg, signals_blocked);
	}
	pthread_attr_destroy(&plan->attr);
	if (err != 0) {
		fatal_create(err, tries, plan->stack_size);
	}
}
