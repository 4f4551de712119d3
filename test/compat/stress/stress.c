// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "stress.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum {
	MAX_THREADS = 256,
	PAUSE_NS = 100 * 1000,
	LOST_AFTER_MS = 20 * 1000,
};

static struct stress_counts counts;
static int going;
static bool with_prof;
static pthread_t sender;

// Deep enough to overwrite what is below a goroutine's stack, if it ran there.
static void
on_usr1(int sig)
{
	volatile char below[6000];

	for (size_t i = 0; i < sizeof below; i += 64) {
		below[i] = (char)sig;
	}
	__atomic_fetch_add(&counts.handled, below[0] == (char)sig, __ATOMIC_SEQ_CST);
}

static void
pause_for(long ns)
{
	struct timespec t = {.tv_sec = 0, .tv_nsec = ns};

	nanosleep(&t, NULL);
}

static int
list_threads(int *tids)
{
	DIR *tasks = opendir("/proc/self/task");
	int n = 0, self = (int)syscall(SYS_gettid);

	for (struct dirent *d; tasks != NULL && (d = readdir(tasks)) != NULL;) {
		int tid = atoi(d->d_name);

		if (tid > 0 && tid != self && n < MAX_THREADS) {
			tids[n++] = tid;
		}
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
	return n;
}

// Threads of a library may never receive a signal.
static int
blocks_usr1(int tid)
{
	char path[64], line[256];
	unsigned long long blocked = 0;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%d/status", tid);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof line, f) != NULL) {
		if (sscanf(line, "SigBlk: %llx", &blocked) == 1) {
			break;
		}
	}
	if (f != NULL) {
		fclose(f);
	}
	return blocked >> (SIGUSR1 - 1) & 1;
}

// Sends one SIGUSR1 and waits until it has been handled: two at once could become one.
static void
send_usr1(int tid)
{
	long before = __atomic_load_n(&counts.handled, __ATOMIC_SEQ_CST);

	if (blocks_usr1(tid) || syscall(SYS_tgkill, getpid(), tid, SIGUSR1) != 0) {
		return;
	}
	counts.sent++;
	for (long ms = 0; ms < LOST_AFTER_MS * 10; ms++) {
		if (__atomic_load_n(&counts.handled, __ATOMIC_SEQ_CST) != before ||
			syscall(SYS_tgkill, getpid(), tid, 0) != 0) {
			return;
		}
		pause_for(PAUSE_NS);
	}
	counts.lost++;
}

// SIGCHLD goes to the process, as when a child ends. On a C thread that is entering Go, Go needs
// another M for a signal that is not for preemption or profiling; if there is none, and the world
// is being stopped, it waits for ever, with the stock runtime/cgo too.
static long
send(int tid, int kind)
{
	return kind == SIGCHLD ? kill(getpid(), kind) : syscall(SYS_tgkill, getpid(), tid, kind);
}

static void *
send_all(void *unused)
{
	static const int kinds[] = {SIGURG, SIGCHLD, SIGPROF};
	int tids[MAX_THREADS];
	unsigned seed = 1;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	while (__atomic_load_n(&going, __ATOMIC_SEQ_CST)) {
		int n = list_threads(tids);

		for (int i = 0; i < 64 && n > 0; i++) {
			int tid = tids[rand_r(&seed) % (unsigned)n];
			int kind = kinds[rand_r(&seed) % (with_prof ? 3 : 2)];

			counts.sent += send(tid, kind) == 0;
			if (i % 8 == 0) {
				send_usr1(tid);
			}
			pause_for(PAUSE_NS);
		}
	}
	return unused;
}

int
stress_begin(bool prof)
{
	struct sigaction act = {.sa_handler = on_usr1, .sa_flags = SA_RESTART};

	if (sigaction(SIGUSR1, &act, NULL) != 0) {
		return -1;
	}
	with_prof = prof;
	going = 1;
	return pthread_create(&sender, NULL, send_all, NULL) == 0 ? 0 : -1;
}

void
stress_end(void)
{
	__atomic_store_n(&going, 0, __ATOMIC_SEQ_CST);
	pthread_join(sender, NULL);
}

struct stress_counts
stress_counts(void)
{
	return counts;
}
