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

size_t
rcgo__thread_stack_size(void)
{
	pthread_attr_t attr;
	size_t size = 0;

	pthread_attr_init(&attr);
	pthread_attr_getstacksize(&attr, &size);
	pthread_attr_destroy(&attr);
	return size;
}

// One try. Returns 0 or an errno.
static int
create_detached(void *(*f)(void *), void *arg, bool signals_blocked)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, mask;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (signals_blocked) {
		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &mask);
	}
	err = pthread_create(&thread, &attr, f, arg);
	if (signals_blocked) {
		pthread_sigmask(SIG_SETMASK, &mask, NULL);
	}
	pthread_attr_destroy(&attr);
	return err;
}

static RCGO_COLD RCGO_NORETURN void
fatal_create(int err, unsigned tries)
{
	char buf[1920];
	struct rcgo_text t = rcgo__text_init(buf, sizeof buf);

	rcgo__text_str(&t, "pthread_create failed: ");
	rcgo__text_errno(&t, err);
	rcgo__text_str(&t, ", tries: ");
	rcgo__text_dec(&t, tries, 0);
	rcgo__limits_explain(&t, rcgo__thread_stack_size());
	rcgo__fatal(buf);
}

void
rcgo__thread_create(void *(*f)(void *), void *arg, bool signals_blocked)
{
	long pause = RETRY_FIRST_NS;
	long waited = 0;
	unsigned tries = 1;
	int err = create_detached(f, arg, signals_blocked);

	while (err == EAGAIN && waited < RETRY_TOTAL_NS) {
		struct timespec ts = {.tv_sec = 0, .tv_nsec = pause};

		while (nanosleep(&ts, &ts) != 0 && errno == EINTR) {
		}
		waited += pause;
		pause = pause * 2 < RETRY_LAST_NS ? pause * 2 : RETRY_LAST_NS;
		tries++;
		err = create_detached(f, arg, signals_blocked);
	}
	if (err != 0) {
		fatal_create(err, tries);
	}
}
