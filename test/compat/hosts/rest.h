// SPDX-License-Identifier: BSD-3-Clause
// For programs that fork: waits until Go's threads are at rest. A forked child lacks what they hold
// at that moment, with stock too, and its first call then waits for ever.
#ifndef GOLIB_REST_H
#define GOLIB_REST_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

// Adds the context switches of a thread to sum. Returns whether it sleeps.
static inline int
golib_thread_sleeps(const char *id, long *sum)
{
	char path[64], line[128], state = '?';
	long switches;
	FILE *f;

	snprintf(path, sizeof path, "/proc/self/task/%.20s/status", id);
	if ((f = fopen(path, "r")) == NULL) {
		return 1; // it has ended
	}
	while (fgets(line, sizeof line, f) != NULL) {
		const char *colon = strchr(line, ':');

		if (sscanf(line, "State: %c", &state) != 1 &&
			strstr(line, "ctxt_switches:") != NULL && colon != NULL &&
			sscanf(colon, ": %ld", &switches) == 1) {
			*sum += switches;
		}
	}
	fclose(f);
	return state == 'S';
}

// Returns the context switches of all threads but the calling one, or -1 if one of them does not
// sleep.
static inline long
golib_switches(void)
{
	DIR *tasks = opendir("/proc/self/task");
	struct dirent *task;
	long self = syscall(SYS_gettid), sum = 0;

	while (tasks != NULL && (task = readdir(tasks)) != NULL) {
		if (*task->d_name != '.' && atol(task->d_name) != self &&
			!golib_thread_sleeps(task->d_name, &sum)) {
			sum = -1;
			break;
		}
	}
	if (tasks != NULL) {
		closedir(tasks);
	}
	return sum;
}

// Waits until no thread but the calling one has run for some looks, 20 ms apart; at most half a
// minute.
static inline void
golib_rest(int looks_at_rest)
{
	long last = -1;

	for (int looks = 0, quiet = 0; looks < 1500 && quiet < looks_at_rest; looks++) {
		long now = golib_switches();

		quiet = now >= 0 && now == last ? quiet + 1 : 0;
		last = now;
		usleep(20000);
	}
}

#endif
