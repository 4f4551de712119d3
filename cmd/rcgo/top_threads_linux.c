// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the threads of a process, as /proc shows them.
#include "top.h"

#include <ctype.h>
#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// This command runs for a long time, so it frees the data that it has read.
static char *
task_file(const char *dir, const char *name)
{
	char *path = path_join(dir, name);
	size_t n = 0;
	char *text = read_file(path, &n);

	free(path);
	return text;
}

const char *
top_where(uint64_t pc, const struct rcgo_stats_page *stats)
{
	return pc >= stats->go_text[0] && pc < stats->go_text[1] ? "go" : "c";
}

// Returns whether a waiting thread is in code of C or of Go. The kernel reports its program counter
// only to processes that may trace this one.
static const char *
where_is(const char *dir, const struct rcgo_stats_page *stats)
{
	char *text = task_file(dir, "syscall");
	const char *last = text != NULL ? strrchr(text, ' ') : NULL;
	uint64_t pc = last != NULL ? strtoull(last, NULL, 16) : 0;

	free(text);
	return pc == 0 ? "-" : top_where(pc, stats);
}

static const char *
kind_of(pid_t pid, const struct top_thread *t, const struct rcgo_stats_page *stats)
{
	if (t->tid == pid) {
		return "main";
	}
	if ((stats->flags & RCGO_STATS_PAGE_NAMES) == 0) {
		return "-";
	}
	return has_prefix(t->name, "go:") && isdigit((unsigned char)t->name[3]) ? "go" : "c";
}

static bool
stat_parse(const char *stat, struct top_thread *t)
{
	const char *name = strchr(stat, '('), *end = strrchr(stat, ')');
	uint64_t user, system;

	if (name == NULL || end == NULL ||
		sscanf(end, ") %c %*s %*s %*s %*s %*s %*s %*s %*s %*s %*s %" SCNu64 " %" SCNu64,
			&t->state, &user, &system) != 3) {
		return false;
	}
	snprintf(t->name, sizeof t->name, "%.*s", (int)(end - name - 1), name + 1);
	for (char *c = t->name; *c != '\0'; c++) {
		*c = isprint((unsigned char)*c) ? *c : '?';
	}
	t->ticks = user + system;
	return true;
}

// Returns false when the thread has ended.
static bool
thread_read(pid_t pid, struct top_thread *t, const struct rcgo_stats_page *stats)
{
	char *dir = fmt("/proc/%d/task/%d", pid, t->tid);
	char *stat = task_file(dir, "stat");
	bool known = stat != NULL && stat_parse(stat, t);

	if (known) {
		t->kind = kind_of(pid, t, stats);
		t->where = where_is(dir, stats);
		t->cpu = -1;
	}
	free(stat);
	free(dir);
	return known;
}

static int
by_tid(const void *a, const void *b)
{
	pid_t x = ((const struct top_thread *)a)->tid, y = ((const struct top_thread *)b)->tid;

	return (x > y) - (x < y);
}

struct top_threads
top_threads_read(pid_t pid, const struct rcgo_stats_page *stats)
{
	char *tasks = fmt("/proc/%d/task", pid);
	DIR *dir = opendir(tasks);
	struct top_threads all = {NULL, 0};
	size_t room = 0;
	struct dirent *e;

	while (dir != NULL && (e = readdir(dir)) != NULL) {
		struct top_thread t = {.tid = atoi(e->d_name)};

		if (t.tid <= 0 || !thread_read(pid, &t, stats)) {
			continue;
		}
		if (all.n == room) {
			room = room * 2 + 64;
			all.at = realloc(all.at, room * sizeof *all.at);
			if (all.at == NULL) {
				xalloc(SIZE_MAX);
			}
		}
		all.at[all.n++] = t;
	}
	if (dir != NULL) {
		closedir(dir);
	}
	free(tasks);
	if (all.n > 0) {
		qsort(all.at, all.n, sizeof *all.at, by_tid);
	}
	return all;
}

void
top_threads_compare(struct top_threads *now, const struct top_threads *before, double seconds)
{
	double ticks = (double)sysconf(_SC_CLK_TCK) * seconds;

	for (size_t i = 0, j = 0; i < now->n && seconds > 0; i++) {
		struct top_thread *t = &now->at[i];

		while (j < before->n && before->at[j].tid < t->tid) {
			j++;
		}
		if (j < before->n && before->at[j].tid == t->tid &&
			before->at[j].ticks <= t->ticks) {
			t->cpu = 100 * (double)(t->ticks - before->at[j].ticks) / ticks;
		}
	}
}
