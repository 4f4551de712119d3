// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: why a thread did not start, in words (golang/go#51678, golang/go#81552).
// Runs on g0, once, just before the process ends.

#include "rcgo_thread.h"

#include "rcgo_usage.h"

#define VALUE_COLUMN 40
#define NUMBER_WIDTH 12

// One row of the message.
struct limit {
	const char *name;
	bool (*read)(struct rcgo_usage *);
	uint64_t need; // how much of it one more thread takes
	const char *advice;
};

static bool
reached(const struct rcgo_usage *u, uint64_t need)
{
	return u->value != RCGO_UNLIMITED && (u->used >= u->value || u->value - u->used < need);
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

// The cgroup's row is written apart, for its advice names the cgroup. Returns whether it is the
// limit that was reached.
static bool
explain_cgroup(struct rcgo_text *t, char dir[PATH_MAX])
{
	struct rcgo_usage u;

	if (!rcgo__usage_cgroup_pids(&u, dir)) {
		return false;
	}
	row(t, "cgroup pids.max", &u, reached(&u, 1));
	return reached(&u, 1);
}

static void
explain_cgroup_advice(struct rcgo_text *t, const char *dir)
{
	rcgo__text_str(t, "\n\tRaise pids.max of ");
	rcgo__text_str(t, dir);
	rcgo__text_str(t, " (TasksMax= in systemd, docker run --pids-limit, podPidsLimit in "
			  "Kubernetes).");
}

// Indirect: the readers of the table above, all in rcgo_usage.h.
void
rcgo__limits_explain(struct rcgo_text *t, size_t stack_size)
{
	const uint64_t stack_kib = stack_size / 1024;
	const struct limit limits[] = {
		{"RLIMIT_NPROC (threads of this user)", rcgo__usage_nproc, 1,
			"Raise it: ulimit -u, LimitNPROC= in systemd, or nproc in "
			"/etc/security/limits.conf."},
		{"kernel.threads-max", rcgo__usage_threads_max, 1,
			"Raise it: sysctl -w kernel.threads-max=N."},
		{"kernel.pid_max", rcgo__usage_pid_max, 1, "Raise it: sysctl -w kernel.pid_max=N."},
		{"RLIMIT_AS (KiB)", rcgo__usage_address_space, stack_kib,
			"Raise it (ulimit -v) or make thread stacks smaller (ulimit -s)."},
		{"vm.max_map_count", rcgo__usage_map_count, 2,
			"Raise it: sysctl -w vm.max_map_count=N."},
		{"vm.overcommit_memory=2 (KiB)", rcgo__usage_commit, stack_kib,
			"Free memory, add swap, or set vm.overcommit_memory to 0."},
	};
	char dir[PATH_MAX];
	const char *advice = "No limit that is known here is reached; a seccomp filter or a "
			     "limit outside of this container may be.";
	bool by_cgroup;

	rcgo__text_str(t, "\n\tThis process has ");
	rcgo__text_dec(t, rcgo__usage_own_threads(), 0);
	rcgo__text_str(t, " threads; one more takes a stack of ");
	rcgo__text_dec(t, stack_kib, 0);
	rcgo__text_str(
		t, " KiB.\n\tlimit                                         value        used");
	by_cgroup = explain_cgroup(t, dir);
	for (size_t i = RCGO_COUNTOF(limits); i-- > 0;) {
		struct rcgo_usage u;

		if (limits[i].read(&u)) {
			bool hit = reached(&u, limits[i].need);

			row(t, limits[i].name, &u, hit);
			advice = hit ? limits[i].advice : advice;
		}
	}
	if (by_cgroup) {
		explain_cgroup_advice(t, dir);
	} else {
		rcgo__text_str(t, "\n\t");
		rcgo__text_str(t, advice);
	}
	rcgo__text_str(
		t, "\n\tOr keep fewer goroutines inside C calls at once: each holds a thread.");
}
