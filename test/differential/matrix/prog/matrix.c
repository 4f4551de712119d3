// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "matrix.h"

#include <dirent.h>
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int library_install(int raw);
long library_count(void);

// Go's internal linker knows calls of a library's functions, not their addresses.
static int (*other_install)(int);
static long (*other_count)(void);

int
matrix_install(const char *how, const char *library)
{
#ifndef STATIC
	if (strcmp(how, "dlopen") == 0 || strcmp(how, "deepbind") == 0) {
		int deep = strcmp(how, "deepbind") == 0 ? RTLD_DEEPBIND : 0;
		void *so = dlopen(library, RTLD_NOW | deep);

		if (so == NULL) {
			return 1;
		}
		other_install = (int (*)(int))dlsym(so, "library_install");
		other_count = (long (*)(void))dlsym(so, "library_count");
		return other_install(0);
	}
#endif
	return library_install(strcmp(how, "raw") == 0);
}

static long
count(void)
{
	return other_count != NULL ? other_count() : library_count();
}

static void *
send_all(void *n)
{
	struct timespec now, end;
	sigset_t all;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += 2;
	do {
		DIR *tasks = opendir("/proc/self/task");

		for (struct dirent *d; tasks != NULL && (d = readdir(tasks)) != NULL;) {
			if (atoi(d->d_name) > 0 && atoi(d->d_name) != syscall(SYS_gettid)) {
				syscall(SYS_tgkill, getpid(), atoi(d->d_name), SIGPROF);
			}
		}
		closedir(tasks);
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (count() < *(long *)n && now.tv_sec < end.tv_sec);
	return NULL;
}

long
matrix_stress(long n)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, send_all, &n) == 0) {
		pthread_join(thread, NULL);
	}
	return count();
}
