// SPDX-License-Identifier: BSD-3-Clause
// One system call on every thread by libc, libpsx and ours, for the benchmark and the hard cases.
// WITH_PSX: linked with libpsx.
#ifndef ALLTHREADS_PEERS_H
#define ALLTHREADS_PEERS_H

#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#ifdef WITH_PSX
#	include <sys/psx_syscall.h>
#endif

#include "bench_clock.h"

#include "go_types.h"

#define KEEP ((uid_t)-1)

enum who { LIBC, PSX, OURS, WHO };

static const char *const who_names[] = {"libc", "psx", "ours"};
static struct rcgo_all_threads_failure why;

// Sets the effective user on all threads, or with KEEP makes a call that changes nothing. Returns 0
// or an errno.
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

// Counts all threads and those with this effective id. line is the field of /proc/…/status to read.
static unsigned
threads_with(const char *line, unsigned id, unsigned *all)
{
	DIR *tasks = opendir("/proc/self/task");
	unsigned found = 0;

	*all = 0;
	for (struct dirent *e; (e = readdir(tasks)) != NULL;) {
		char path[300], text[256];
		unsigned effective;
		FILE *f;

		snprintf(path, sizeof path, "/proc/self/task/%s/status", e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		while (f != NULL && fgets(text, sizeof text, f) != NULL) {
			if (sscanf(text, line, &effective) == 1) {
				++*all;
				found += effective == id;
			}
		}
		if (f != NULL) {
			fclose(f);
		}
	}
	closedir(tasks);
	return found;
}

static enum who
who_of(const char *name)
{
	enum who who = LIBC;

	while (who < WHO && strcmp(who_names[who], name) != 0) {
		who++;
	}
	return who;
}

static void *
idle(void *arg)
{
	for (;;) {
		pause();
	}
	return arg;
}

static void *
at_once(void *arg)
{
	return arg;
}

// Starts other threads continuously.
static void *
churn(void *arg)
{
	pthread_t t;

	for (;;) {
		if (pthread_create(&t, NULL, at_once, NULL) == 0) {
			pthread_join(t, NULL);
		}
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
		pthread_detach(t);
	}
	usleep(50000);
}

#endif // ALLTHREADS_PEERS_H
