// SPDX-License-Identifier: BSD-3-Clause
// Benchmark: how soon a thread that starts another one continues, and how soon the other one runs:
// by libc's pthread_create alone, by ours, and by ours with pre-spawned threads (RCGO=spare=4). One
// start per millisecond, as in a program whose threads block in calls now and then. Microseconds.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench_clock.h"
#include "go_types.h"

#define STARTS 2000

extern void x_cgo_init(G *g, void (*setg)(void *), void **tlsg, void **tlsbase);
extern void x_cgo_thread_start(ThreadStart *ts);

static _Atomic double ran;
static G first, started;

static void
setg(void *g)
{
	(void)g;
}

static void
mstart(void)
{
	ran = now_us();
}

static void *
libcs_start(void *arg)
{
	mstart();
	return arg;
}

static void
start_by_libc(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, libcs_start, NULL) != 0) {
		abort();
	}
	pthread_detach(t);
}

static void
start_by_ours(void)
{
	ThreadStart ts = {.g = &started, .fn = mstart};

	x_cgo_thread_start(&ts);
}

static int
by_size(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1
						       : *(const double *)a > *(const double *)b;
}

// In its own process, because options are read once.
static void
measure(const char *what, const char *options, void (*start)(void))
{
	static double caller[STARTS], other[STARTS];
	const struct timespec pause = {0, 1000000};
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid != 0) {
		waitpid(pid, NULL, 0);
		return;
	}
	setenv("RCGO", options, 1);
	first.stackhi = (uintptr_t)__builtin_frame_address(0);
	first.stacklo = first.stackhi - 65536;
	x_cgo_init(&first, setg, NULL, NULL);
	for (int i = 0; i < STARTS; i++) {
		double from;

		ran = 0;
		from = now_us();
		start();
		caller[i] = now_us() - from;
		do {
			nanosleep(&pause, NULL);
		} while (ran == 0);
		other[i] = ran - from;
	}
	qsort(caller, STARTS, sizeof *caller, by_size);
	qsort(other, STARTS, sizeof *other, by_size);
	printf("%-16s %8.1f %8.1f %8.1f %8.1f\n", what, caller[STARTS / 2],
		caller[STARTS * 99 / 100], other[STARTS / 2], other[STARTS * 99 / 100]);
	fflush(stdout);
	_exit(0);
}

int
main(void)
{
	printf("                 goes on at        runs at\n");
	printf("                   median     99 %%   median     99 %%\n");
	for (int round = 0; round < 3; round++) {
		measure("libc", "spare=0", start_by_libc);
		measure("ours", "spare=0", start_by_ours);
		measure("ours, spare=4", "spare=4", start_by_ours);
	}
	return 0;
}
