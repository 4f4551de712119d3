// SPDX-License-Identifier: BSD-3-Clause
// Benchmark: one system call on every thread, by libc, libpsx and ours, alternating in one process.
// With ROUNDS: median microseconds at 1, 10, 100 and 1000 threads. With churn WHO CALLS: the
// slowest of this number of calls while four threads start others.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "allthreads_peers.h"

#define MOST 4096

static double took[WHO][MOST];
static size_t taken[WHO];

static int
by_size(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1
						       : *(const double *)a > *(const double *)b;
}

static double
median(enum who who)
{
	qsort(took[who], taken[who], sizeof **took, by_size);
	return taken[who] == 0 ? -1 : took[who][taken[who] / 2];
}

static void
calls(enum who who, int n)
{
	for (int i = 0; i < n && taken[who] < MOST; i++) {
		double from = now_us();

		if (set_user(who, KEEP) != 0) {
			return;
		}
		took[who][taken[who]++] = now_us() - from;
	}
}

static int
table(int rounds)
{
	static const int threads[] = {1, 10, 100, 1000};
	static const int each[] = {100, 50, 20, 5};
	int have = 1;

	printf("threads      libc       psx      ours   first of ours\n");
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
		double first;

		start(idle, threads[i] - have);
		have = threads[i];
		memset(taken, 0, sizeof taken);
		calls(OURS, 1);
		first = took[OURS][--taken[OURS]];
		for (int round = 0; round < rounds; round++) {
			for (int who = LIBC; who < WHO; who++) {
				calls(who, each[i]);
			}
		}
		printf("%7d%10.1f%10.1f%10.1f%16.1f\n", have, median(LIBC), median(PSX),
			median(OURS), first);
	}
	return 0;
}

// Returns the number of threads whose effective group differs from this one. The calls do not need
// it.
static unsigned
wrong_threads(unsigned group)
{
	unsigned all, right = threads_with("Gid: %*u %u", group, &all);

	return all - right;
}

static int
set_group(enum who who, gid_t group)
{
	const uintptr_t args[6] = {KEEP, group, KEEP};

	switch (who) {
	case LIBC:
		return setresgid(KEEP, group, KEEP) == 0 ? 0 : errno;
#ifdef WITH_PSX
	case PSX:
		return psx_syscall3(SYS_setresgid, KEEP, group, KEEP) == 0 ? 0 : errno;
#endif
	case OURS:
		return (int)-rcgo_syscall_all_threads(SYS_setresgid, args, &why);
	default:
		return ENOSYS;
	}
}

// Needs root: each call sets another group. After each hundredth call, all threads are checked.
static int
churned(enum who who, int n)
{
	double worst = 0, all = now_us();
	unsigned wrong = 0, failed = 0;

	start(churn, 4);
	for (int i = 0; i < n; i++) {
		double from = now_us(), us;
		unsigned group = 1000 + (unsigned)i % 5000;

		failed += set_group(who, group) != 0;
		us = now_us() - from;
		worst = us > worst ? us : worst;
		wrong += i % 100 == 0 ? wrong_threads(group) : 0;
	}
	printf("%-5s %d calls in %.1f s, worst %.1f ms, %u failed, %u wrong threads\n",
		who_names[who], n, (now_us() - all) / 1e6, worst / 1e3, failed, wrong);
	fflush(stdout);
	_exit(wrong != 0 || failed != 0);
}

int
main(int argc, char **argv)
{
	if (argc == 4 && strcmp(argv[1], "churn") == 0 && who_of(argv[2]) != WHO) {
		return churned(who_of(argv[2]), atoi(argv[3]));
	}
	return argc == 2 && atoi(argv[1]) > 0 ? table(atoi(argv[1])) : 2;
}
