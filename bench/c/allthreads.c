// SPDX-License-Identifier: BSD-3-Clause
// Bench: one system call on every thread, by libc, libpsx and ours, in one run. Without arguments
// median microseconds; WHO (libc, psx, ours) and CASE (see hard_case): what comes of a hard one.
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
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_PSX
#	include <sys/psx_syscall.h>
#endif

#include "rcgo_abi.h"

#define KEEP ((uid_t)-1)
#define NOBODY 65534U

static const char *const names[] = {"libc", "psx", "ours"};
enum who { LIBC, PSX, OURS, WHO };

static struct rcgo_all_threads_why why;

// Sets the effective user, or with KEEP nothing, on all threads. Returns 0 or an errno.
static int
set_user(enum who who, uid_t user)
{
	const uintptr_t args[6] = {KEEP, user, KEEP};

	switch (who) {
	case LIBC:
		return setresuid(KEEP, user, KEEP) == 0 ? 0 : errno;
#ifdef WITH_PSX
	case PSX:
		return psx_syscall3(SYS_setresuid, KEEP, user, KEEP) == 0 ? 0 : errno;
#endif
	case OURS:
		return (int)-rcgo_syscall_all_threads(SYS_setresuid, args, &why);
	default:
		return ENOSYS;
	}
}

static double
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static void *
idle(void *arg)
{
	for (;;) {
		pause();
	}
	return arg;
}

static void
start(void *(*f)(void *), int n)
{
	pthread_attr_t attr;
	pthread_t t;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 17);
	for (int i = 0; i < n; i++) {
		if (pthread_create(&t, &attr, f, NULL) != 0) {
			perror("pthread_create");
			exit(1);
		}
	}
	usleep(50000);
}

static int
by_size(const void *a, const void *b)
{
	return *(const double *)a < *(const double *)b ? -1
						       : *(const double *)a > *(const double *)b;
}

static double
median(enum who who, int n)
{
	static double took[2000];

	for (int i = 0; i < n; i++) {
		double from = now_us();

		if (set_user(who, KEEP) != 0) {
			return -1;
		}
		took[i] = now_us() - from;
	}
	qsort(took, (size_t)n, sizeof *took, by_size);
	return took[n / 2];
}

static void
table(void)
{
	static const int threads[] = {1, 10, 100, 1000};
	int have = 1;

	printf("threads      libc       psx      ours   (median, us; -1: not built in)\n");
	for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
		start(idle, threads[i] - have);
		have = threads[i];
		printf("%7d", threads[i]);
		for (int who = LIBC; who < WHO; who++) {
			printf("%10.1f", median(who, have >= 1000 ? 60 : have >= 100 ? 300 : 2000));
		}
		printf("\n");
	}
}

static unsigned
threads_of(unsigned user, unsigned *all)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned found = 0;

	*all = 0;
	for (struct dirent *e; (e = readdir(tasks)) != NULL;) {
		char path[300], line[256];
		unsigned ids[2];
		FILE *f;

		snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f != NULL && fgets(line, sizeof line, f) != NULL) {
			if (sscanf(line, "Uid: %u %u", &ids[0], &ids[1]) == 2) {
				++*all;
				found += ids[1] == user;
			}
		}
		if (f != NULL) {
			fclose(f);
		}
	}
	closedir(tasks);
	return found;
}

static enum who chosen;

static void
on_alarm(int sig)
{
	(void)sig;
	(void)!write(1, "hung\n", 5);
	_exit(0);
}

static void
call(void)
{
	double from = now_us();
	int err = set_user(chosen, NOBODY);
	double took = now_us() - from;
	unsigned all, changed = threads_of(NOBODY, &all);

	printf("%s, %.1f ms, %u of %u threads changed\n", err == 0 ? "success" : strerror(err),
		took / 1e3, changed, all);
	fflush(stdout);
	_exit(0);
}

static void *
block(void *arg)
{
	uint64_t set = (uint64_t)1 << 32;

	syscall(SYS_rt_sigprocmask, SIG_BLOCK, &set, NULL, 8);
	return idle(arg);
}

static void *
call_later(void *arg)
{
	usleep(100000);
	call();
	return arg;
}

static void *
sleep_in_vfork(void *arg)
{
	static struct timespec ts = {.tv_nsec = 300000000};

	if (vfork() == 0) {
		syscall(SYS_nanosleep, &ts, NULL);
		_exit(0);
	}
	return idle(arg);
}

static int
hard_case(const char *name)
{
	struct rlimit none = {0, 0};

	signal(SIGALRM, on_alarm);
	alarm(6);
	start(idle, 7);
	if (strcmp(name, "plain") == 0) {
		call();
	} else if (strcmp(name, "blocked") == 0) {
		start(block, 1);
	} else if (strcmp(name, "pending") == 0) {
		setrlimit(RLIMIT_SIGPENDING, &none);
	} else if (strcmp(name, "vfork") == 0) {
		start(sleep_in_vfork, 1);
	} else if (strcmp(name, "main") == 0) {
		start(call_later, 1);
		syscall(SYS_exit, 0);
	} else {
		return 2;
	}
	call();
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc != 3) {
		table();
		return 0;
	}
	while (chosen < WHO && strcmp(names[chosen], argv[1]) != 0) {
		chosen++;
	}
	return chosen == WHO ? 2 : hard_case(argv[2]);
}
