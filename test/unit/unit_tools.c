// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: timers, /proc and random numbers.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "unit.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

// glibc names this field only from 2.38 on.
#ifndef sigev_notify_thread_id
#	define sigev_notify_thread_id _sigev_un._tid
#endif

// One timer for each thread: the id of a kernel timer, and when it was started.
static __thread timer_t stress;
static __thread struct timespec stress_start;

void
unit_stress_start(int sig)
{
	struct sigevent event;
	struct itimerspec each = {
		.it_interval = {.tv_nsec = 1000000},
		.it_value = {.tv_nsec = 1000000},
	};

	memset(&event, 0, sizeof event);
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_signo = sig;
	event.sigev_notify_thread_id = (pid_t)syscall(SYS_gettid);
	CHECK_INT(timer_create(CLOCK_MONOTONIC, &event, &stress), 0);
	clock_gettime(CLOCK_BOOTTIME, &stress_start);
	CHECK_INT(timer_settime(stress, 0, &each, NULL), 0);
}

void
unit_stress_stop(void)
{
	CHECK_INT(timer_delete(stress), 0);
}

bool
unit_stress_lasts(const unsigned *signals)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (now.tv_sec - stress_start.tv_sec) * 1000 +
			       (now.tv_nsec - stress_start.tv_nsec) / 1000000 <
		       500 ||
	       __atomic_load_n(signals, __ATOMIC_RELAXED) < 100;
}

uint64_t
unit_status_field(const char *path, const char *key, int base)
{
	char line[4096];
	size_t len = strlen(key);
	FILE *f = fopen(path, "re");

	if (f == NULL) {
		unit_skip("cannot read %s", path);
	}
	while (fgets(line, sizeof line, f) != NULL) {
		if (strncmp(line, key, len) == 0 && line[len] == ':') {
			fclose(f);
			return strtoull(line + len + 1, NULL, base);
		}
	}
	unit_fail(__FILE__, __LINE__, "no %s in %s", key, path);
}

unsigned
unit_threads(void)
{
	return (unsigned)unit_status_field("/proc/self/status", "Threads", 10);
}

void
unit_await(unsigned *word, unsigned want)
{
	const struct timespec ms = {.tv_nsec = 1000000};

	for (int i = 0; i < 10000; i++) {
		if (__atomic_load_n(word, __ATOMIC_ACQUIRE) >= want) {
			return;
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &ms, NULL);
	}
	unit_fail(__FILE__, __LINE__, "waited in vain: %u, want %u",
		__atomic_load_n(word, __ATOMIC_ACQUIRE), want);
}

bool
unit_wipes_on_fork(void)
{
	char *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int status = 1;
	pid_t pid;

	CHECK(page != MAP_FAILED);
	// The code under test does not trust a system that accepts any advice: see fork_detect.c.
	if (madvise(page, 4096, MADV_WIPEONFORK) == 0 && madvise(page, 4096, -1) != 0) {
		*page = 1;
		pid = fork();
		if (pid == 0) {
			_exit(*page);
		}
		CHECK_INT(waitpid(pid, &status, 0), pid);
	}
	munmap(page, 4096);
	return status == 0;
}

uint64_t
unit_random(void)
{
	static uint64_t state = 0x9e3779b97f4a7c15;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

void
unit_check_reached(const char *message, const char *limit, const char *advice)
{
	char row[128];
	const char *mark = strstr(message, "<- reached");
	const char *line = mark;

	if (mark == NULL) {
		unit_fail(__FILE__, __LINE__, "no limit is marked in:\n%s", message);
	}
	while (line > message && line[-1] != '\n') {
		line--;
	}
	snprintf(row, sizeof row, "\t%s ", limit);
	if (strncmp(line, row, strlen(row)) != 0 || strstr(mark + 1, "<- reached") != NULL) {
		unit_fail(__FILE__, __LINE__, "want %s marked alone in:\n%s", limit, message);
	}
	CHECK_HAS(message, advice);
	CHECK_HAS_NOT(message, "None of these");
}

void
unit_seccomp_answer(int number, unsigned action)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {UNIT_COUNTOF(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
		unit_skip("no seccomp here: %s", strerror(errno));
	}
}
