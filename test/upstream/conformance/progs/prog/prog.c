// SPDX-License-Identifier: BSD-3-Clause
// C functions that call Go: from Go's threads and from threads of their own.
#define _GNU_SOURCE

#include "prog.h"

#include <dirent.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "_cgo_export.h"

enum { MAX_THREADS = 64, ALT_SIZE = 64 * 1024 };

struct job {
	pthread_t thread;
	int rounds;
	int altstack;
	int good;
};

int
prog_add(int a, int b)
{
	return a + b;
}

int
prog_descend(int depth)
{
	return progDescend(depth);
}

void
prog_panic(void)
{
	progPanic();
}

static void *
work(void *arg)
{
	struct job *j = arg;
	stack_t ss;
	int i;

	memset(&ss, 0, sizeof(ss));
	if (j->altstack) {
		ss.ss_sp = malloc(ALT_SIZE);
		ss.ss_size = ALT_SIZE;
		if (ss.ss_sp == NULL || sigaltstack(&ss, NULL) != 0) {
			return NULL;
		}
	}
	for (i = 0; i < j->rounds; i++) {
		if (progTick(1) == 2) {
			j->good++;
		}
	}
	if (j->altstack) {
		stack_t now;

		// Go must have left the thread's own signal stack in place.
		if (sigaltstack(NULL, &now) != 0 || now.ss_sp != ss.ss_sp) {
			j->good = -1;
		}
		ss.ss_flags = SS_DISABLE;
		sigaltstack(&ss, NULL);
		free(ss.ss_sp);
	}
	return NULL;
}

int
prog_threads(int n, int rounds, int altstack)
{
	struct job jobs[MAX_THREADS];
	int i, total = 0;

	if (n > MAX_THREADS) {
		return -1;
	}
	memset(jobs, 0, sizeof(jobs));
	for (i = 0; i < n; i++) {
		jobs[i].rounds = rounds;
		jobs[i].altstack = altstack;
		if (pthread_create(&jobs[i].thread, NULL, work, &jobs[i]) != 0) {
			return -1;
		}
	}
	for (i = 0; i < n; i++) {
		pthread_join(jobs[i].thread, NULL);
		total += jobs[i].good;
	}
	return total;
}

int
prog_signal_self(int sig)
{
	return pthread_kill(pthread_self(), sig);
}

uint64_t
prog_spin(int milliseconds)
{
	struct timespec begin, now;
	uint64_t rounds = 0;
	int64_t passed;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	do {
		clock_gettime(CLOCK_MONOTONIC, &now);
		passed = (now.tv_sec - begin.tv_sec) * 1000;
		passed += (now.tv_nsec - begin.tv_nsec) / 1000000;
		rounds++;
	} while (passed < milliseconds);
	return rounds;
}

// prog_same_gid answers how many threads of the process, by the kernel's word, have another
// effective group than the given one.
int
prog_same_gid(int gid)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *e;
	int other = 0;

	if (dir == NULL) {
		return -1;
	}
	while ((e = readdir(dir)) != NULL) {
		char path[300], line[256];
		FILE *f;

		if (e->d_name[0] == '.') {
			continue;
		}
		snprintf(path, sizeof(path), "/proc/self/task/%s/status", e->d_name);
		f = fopen(path, "r");
		if (f == NULL) {
			continue; // The thread has ended since.
		}
		while (fgets(line, sizeof(line), f) != NULL) {
			int real, effective;

			if (sscanf(line, "Gid: %d %d", &real, &effective) == 2 &&
				effective != gid) {
				other++;
			}
		}
		fclose(f);
	}
	closedir(dir);
	return other;
}

int
prog_blocked(void)
{
	sigset_t set;
	int sig, n = 0;

	pthread_sigmask(SIG_SETMASK, NULL, &set);
	for (sig = 1; sig < 32; sig++) {
		n += sigismember(&set, sig) == 1;
	}
	return n;
}
