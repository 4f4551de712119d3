// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: why a thread did not start, in words (golang/go#51678, golang/go#81552).
// Runs on g0, once, just before the process ends.

#include "rcgo_thread.h"

#include "rcgo_usage.h"

#define VALUE_COLUMN 40
#define NUMBER_WIDTH 12

// The kernel gives out no process number below RESERVED_PIDS again, so as many stay unused.
#define ONE_PID 301

// Stands for the size of the new thread's stack in KiB.
#define ONE_STACK 0

// The limits that stop a new thread. The cgroup's comes before them, for its advice names it.
static const struct limit {
	const char *name;
	bool (*read)(struct rcgo_usage *);
	uint64_t need; // how much of it one more thread takes
	const char *advice;
} limits[] = {
	{"RLIMIT_NPROC (threads of this user)", rcgo__usage_nproc, 1,
		"Raise it: ulimit -u, LimitNPROC= in systemd, nproc in /etc/security/limits.conf."},
	{"kernel.threads-max", rcgo__usage_threads_max, 1,
		"Raise it: sysctl -w kernel.threads-max=N."},
	{"kernel.pid_max", rcgo__usage_pid_max, ONE_PID, "Raise it: sysctl -w kernel.pid_max=N."},
	{"RLIMIT_AS (KiB)", rcgo__usage_address_space, ONE_STACK,
		"Raise it (ulimit -v) or make thread stacks smaller (RCGO=stack=SIZE)."},
	{"RLIMIT_DATA (KiB)", rcgo__usage_data, ONE_STACK,
		"Raise it (ulimit -d) or make thread stacks smaller (RCGO=stack=SIZE)."},
	{"vm.max_map_count", rcgo__usage_map_count, 2, "Raise it: sysctl -w vm.max_map_count=N."},
	{"vm.overcommit_memory=2 (KiB)", rcgo__usage_commit, ONE_STACK,
		"Free memory, add swap, or set vm.overcommit_memory to 0."},
};

static const char none_reached[] = "None of these is reached: a seccomp filter, or a limit "
				   "outside of this container, may be.";

static bool
reached(const struct rcgo_usage *u, uint64_t need)
{
	return u->value != RCGO_UNLIMITED && (u->used >= u->value || u->value - u->used < need);
}

static void
heading(struct rcgo_text *t, uint64_t stack_kib)
{
	uint64_t threads = rcgo__usage_own_threads();
	size_t start;

	rcgo__text_str(t, "\n\tThis process has ");
	if (threads != 0) {
		rcgo__text_dec(t, threads, 0);
	} else {
		rcgo__text_str(t, "an unknown number of");
	}
	rcgo__text_str(t, " threads; one more takes a stack of ");
	rcgo__text_dec(t, stack_kib, 0);
	rcgo__text_str(t, " KiB.\n");
	start = t->len;
	rcgo__text_str(t, "\tlimit");
	rcgo__text_pad(t, start, VALUE_COLUMN);
	rcgo__text_str(t, "       value        used");
}

static void
row(struct rcgo_text *t, const char *name, const struct rcgo_usage *u, bool hit)
{
	size_t start;

	rcgo__text_str(t, "\n");
	start = t->len;
	rcgo__text_str(t, "\t");
	rcgo__text_str(t, name);
	rcgo__text_pad(t, start, VALUE_COLUMN);
	if (u->value == RCGO_UNLIMITED) {
		rcgo__text_str(t, "   unlimited");
	} else {
		rcgo__text_dec(t, u->value, NUMBER_WIDTH);
	}
	rcgo__text_dec(t, u->used, NUMBER_WIDTH);
	rcgo__text_str(t, hit ? "  <- reached" : "");
}

// Writes the cgroup's row. Returns whether its limit is reached; dir then names it.
static bool
cgroup_row(struct rcgo_text *t, char dir[PATH_MAX])
{
	struct rcgo_usage u;

	if (!rcgo__usage_cgroup_pids(&u, dir)) {
		return false;
	}
	row(t, "cgroup pids.max", &u, reached(&u, 1));
	return reached(&u, 1);
}

static void
cgroup_advice(struct rcgo_text *t, const char *dir)
{
	rcgo__text_str(t, "Raise pids.max of ");
	rcgo__text_str(t, dir);
	rcgo__text_str(t, " (TasksMax= in systemd, --pids-limit in docker, podPidsLimit in "
			  "Kubernetes).");
}

// Writes the other rows. Returns the advice for the first limit that is reached, or NULL.
// Indirect: the readers that limits[] names, all in rcgo_usage.h.
static const char *
limit_rows(struct rcgo_text *t, uint64_t stack_kib)
{
	const char *advice = NULL;

	for (size_t i = 0; i < RCGO_COUNTOF(limits); i++) {
		const struct limit *l = &limits[i];
		struct rcgo_usage u;
		bool hit;

		if (!l->read(&u)) {
			continue;
		}
		hit = reached(&u, l->need == ONE_STACK ? stack_kib : l->need);
		row(t, l->name, &u, hit);
		if (hit && advice == NULL) {
			advice = l->advice;
		}
	}
	return advice;
}

void
rcgo__limits_explain(struct rcgo_text *t, size_t stack_size)
{
	char dir[PATH_MAX];
	bool by_cgroup;
	const char *advice;

	heading(t, stack_size / 1024);
	by_cgroup = cgroup_row(t, dir);
	advice = limit_rows(t, stack_size / 1024);
	rcgo__text_str(t, "\n\t");
	if (by_cgroup) {
		cgroup_advice(t, dir);
	} else {
		rcgo__text_str(t, advice != NULL ? advice : none_reached);
	}
	rcgo__text_str(t, "\n\tOr keep fewer goroutines in C calls at once: each holds a thread.");
}

// Indirect: the readers that limits[] names, all in rcgo_usage.h.
bool
rcgo__limits_are_memory(size_t stack_size)
{
	for (size_t i = 0; i < RCGO_COUNTOF(limits); i++) {
		struct rcgo_usage u;

		if (limits[i].need == ONE_STACK && limits[i].read(&u) &&
			reached(&u, stack_size / 1024)) {
			return true;
		}
	}
	return false;
}
