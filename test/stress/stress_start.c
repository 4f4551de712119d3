// SPDX-License-Identifier: BSD-3-Clause
// Stress: the thread of the preloaded library, which repeatedly sends a signal to all other threads
// of the process.

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "module.h"
#include "stress.h"

// A signal that is ignored by default, because it may arrive between exec and the constructor.
#define STRESS_SIGNAL SIGURG
#define MAX_THREADS 64

struct stress_counts *stress_counts;

static pid_t own_thread;

// Lists the threads of this process except its own. Returns their number.
static int
other_threads(pid_t *tid)
{
	static char buf[4096];
	int fd = open("/proc/self/task", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int count = 0;
	long n;

	while (fd >= 0 && (n = syscall(SYS_getdents64, fd, buf, sizeof buf)) > 0) {
		for (long at = 0; at < n;) {
			struct dirent64 *entry = (struct dirent64 *)(void *)(buf + at);
			pid_t id = atoi(entry->d_name);

			if (id > 0 && id != own_thread && count < MAX_THREADS) {
				tid[count++] = id;
			}
			at += entry->d_reclen;
		}
	}
	if (fd >= 0) {
		close(fd);
	}
	return count;
}

static void *
stress(void *arg)
{
	struct timespec pause = {0, (long)stress_counts->interval * 1000};
	pid_t tid[MAX_THREADS];
	pid_t process = getpid();
	unsigned round = 0;
	int count = 0;

	own_thread = gettid();
	while (__atomic_load_n(&stress_counts->samples, __ATOMIC_RELAXED) < stress_counts->wanted) {
		if (round++ % 32 == 0) {
			count = other_threads(tid);
		}
		for (int i = 0; i < count; i++) {
			syscall(SYS_tgkill, process, tid[i], STRESS_SIGNAL);
		}
		nanosleep(&pause, NULL);
	}
	return arg;
}

// Maps the counters of this run.
static bool
map_counts(void)
{
	const char *path = getenv(STRESS_FILE);
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *at = fd < 0 ? MAP_FAILED
			  : mmap(NULL, sizeof *stress_counts, PROT_READ | PROT_WRITE, MAP_SHARED,
				    fd, 0);

	if (fd >= 0) {
		close(fd);
	}
	if (at == MAP_FAILED) {
		return false;
	}
	stress_counts = at;
	return true;
}

__attribute__((constructor)) static void
start(void)
{
	struct sigaction action = {.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	sigset_t all, before;
	pthread_t thread;

	if (!map_counts()) {
		return;
	}
	__atomic_add_fetch(&stress_counts->processes, 1, __ATOMIC_RELAXED);
	rcgo__modules_init();
	sigfillset(&action.sa_mask);
	action.sa_sigaction = (void (*)(int, siginfo_t *, void *))stress_sample;
	sigaction(STRESS_SIGNAL, &action, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, stress, NULL) == 0) {
		pthread_detach(thread);
	}
	sigdelset(&before, STRESS_SIGNAL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}
