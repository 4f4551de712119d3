// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: all-threads calls. See allthreads_tools.h.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "allthreads_tools.h"

unsigned all_up;
unsigned all_stop;
struct rcgo_all_threads_failure all_why;

long
all_call(long number, uintptr_t a, uintptr_t b, uintptr_t c)
{
	const uintptr_t args[6] = {a, b, c};

	memset(&all_why, 0xa5, sizeof all_why);
	return rcgo_syscall_all_threads(number, args, &all_why);
}

double
all_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void *
all_idle(void *arg)
{
	__atomic_fetch_add(&all_up, 1, __ATOMIC_RELEASE);
	for (;;) {
		pause();
	}
	return arg;
}

void
all_start(void *(*f)(void *), int n)
{
	unsigned up = __atomic_load_n(&all_up, __ATOMIC_ACQUIRE);
	pthread_attr_t attr;
	pthread_t t;

	if (unit_emulated()) {
		unit_skip("the emulator keeps the signal that stops threads");
	}
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 18);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < n; i++) {
		CHECK_INT(pthread_create(&t, &attr, f, NULL), 0);
	}
	pthread_attr_destroy(&attr);
	unit_await(&all_up, up + (unsigned)n);
}

// PR_SET_TIMERSLACK sets a value of the calling thread. It needs no privilege and can be read in
// /proc.
long
all_set(unsigned long value)
{
	return all_call(SYS_prctl, PR_SET_TIMERSLACK, value, 0);
}

static bool
has_ended(const char *tid)
{
	char path[300], text[512] = "";
	const char *state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%s/stat", tid);
	f = fopen(path, "re");
	if (f == NULL) {
		return true;
	}
	(void)!fgets(text, sizeof text, f);
	fclose(f);
	state = strrchr(text, ')');
	return state == NULL || state[2] == 'Z' || state[2] == 'X';
}

// Returns how many threads have another value. Ended threads and kernel threads do not count.
unsigned
all_without(unsigned long value, unsigned *seen)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *e;
	unsigned wrong = 0;

	CHECK(tasks != NULL);
	*seen = 0;
	while ((e = readdir(tasks)) != NULL) {
		char path[300], text[512];
		unsigned long got = 0;
		FILE *f;

		if (e->d_name[0] == '.' || has_ended(e->d_name)) {
			continue;
		}
		snprintf(path, sizeof path, "/proc/%s/timerslack_ns", e->d_name);
		if ((f = fopen(path, "re")) == NULL) {
			continue;
		}
		if (fgets(text, sizeof text, f) != NULL && sscanf(text, "%lu", &got) == 1) {
			++*seen;
			wrong += got != value;
		}
		fclose(f);
	}
	closedir(tasks);
	return wrong;
}

void
all_check(unsigned long value, unsigned threads)
{
	unsigned seen;
	unsigned wrong = all_without(value, &seen);

	if (wrong != 0 || seen < threads) {
		unit_fail(__FILE__, __LINE__, "%u of %u threads lack it, want %u", wrong, seen,
			threads);
	}
}
