// SPDX-License-Identifier: BSD-3-Clause
// Explains why a thread did not start on FreeBSD: the limits of the kernel and their use. Runs on
// g0, once, just before the process ends.
// Contract: sysctl(3) kern.threads, kern.proc, vm; getrlimit(2).

//rcgo:small

#include <sys/types.h>

#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/sysctl.h>
#include <sys/user.h>
#include <unistd.h>

#include "compat.h"
#include "strbuf.h"
#include "thread_limits.h"
#include "thread_management.h"

// Represents the size of the new thread's stack in KiB.
#define ONE_STACK 0

static bool
sysctl_number(const char *name, uint64_t *value)
{
	int32_t small;
	size_t size = sizeof *value;

	if (sysctlbyname(name, value, &size, NULL, 0) != 0) {
		return false;
	}
	if (size == sizeof small) {
		memcpy(&small, value, sizeof small);
		*value = (uint64_t)small;
	}
	return true;
}

// Reads what the kernel says of this process.
static bool
own_process(struct kinfo_proc *own)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PID, (int)getpid()};
	size_t size = sizeof *own;

	return sysctl(name, 4, own, &size, NULL, 0) == 0 && size == sizeof *own;
}

static bool
limit_of(int resource, uint64_t unit, uint64_t *value)
{
	struct rlimit limit;

	if (getrlimit(resource, &limit) != 0) {
		return false;
	}
	*value = limit.rlim_cur == RLIM_INFINITY ? RCGO_UNLIMITED : (uint64_t)limit.rlim_cur / unit;
	return true;
}

uint64_t
rcgo__limit_usage_self_threads(void)
{
	struct kinfo_proc own;

	return own_process(&own) ? (uint64_t)own.ki_numthreads : 0;
}

static bool
threads_per_process(struct rcgo_limit_usage *u)
{
	u->used = rcgo__limit_usage_self_threads();
	return u->used != 0 && sysctl_number("kern.threads.max_threads_per_proc", &u->value);
}

// The kernel counts the processes of a user against this limit, and not threads.
static bool
processes_of_user(struct rcgo_limit_usage *u)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_RUID, (int)getuid()};
	size_t size = 0;

	if (sysctl(name, 4, NULL, &size, NULL, 0) != 0) {
		return false;
	}
	u->used = size / sizeof(struct kinfo_proc);
	return limit_of(RLIMIT_NPROC, 1, &u->value);
}

static bool
processes(struct rcgo_limit_usage *u)
{
	int name[] = {CTL_KERN, KERN_PROC, KERN_PROC_PROC};
	size_t size = 0;

	if (sysctl(name, 3, NULL, &size, NULL, 0) != 0) {
		return false;
	}
	u->used = size / sizeof(struct kinfo_proc);
	return sysctl_number("kern.maxproc", &u->value);
}

static bool
address_space(struct rcgo_limit_usage *u)
{
	struct kinfo_proc own;

	if (!own_process(&own) || !limit_of(RLIMIT_AS, 1024, &u->value)) {
		return false;
	}
	u->used = own.ki_size / 1024;
	return true;
}

static const struct limit {
	const char *name;
	bool (*read)(struct rcgo_limit_usage *);
	uint64_t need; // the amount that one more thread takes
	const char *advice;
} limits[] = {
	{"kern.threads.max_threads_per_proc", threads_per_process, 1,
		"Raise it: sysctl kern.threads.max_threads_per_proc=N."},
	{"RLIMIT_NPROC (processes of this user)", processes_of_user, 1,
		"Raise it: ulimit -u, or maxproc in /etc/login.conf."},
	{"kern.maxproc", processes, 1, "Raise it: kern.maxproc=N in /boot/loader.conf."},
	{"RLIMIT_AS (KiB)", address_space, ONE_STACK,
		"Raise it (ulimit -v) or make thread stacks smaller (RCGO=stack=SIZE)."},
};

static bool
reached(const struct rcgo_limit_usage *u, uint64_t need)
{
	return u->value != RCGO_UNLIMITED && (u->used >= u->value || u->value - u->used < need);
}

static void
heading(struct rcgo_strbuf *t, uint64_t stack_kib)
{
	rcgo__append_str(t, "\n\tThis process has ");
	rcgo__append_uint(t, rcgo__limit_usage_self_threads(), 0);
	rcgo__append_str(t, " threads; one more takes a stack of ");
	rcgo__append_uint(t, stack_kib, 0);
	rcgo__append_str(t, " KiB.\n");
	rcgo__limits_table_head(t);
}

// Indirect: the readers that limits[] names.
void
rcgo__limits_explain(struct rcgo_strbuf *t, size_t stack_size, size_t guard_size)
{
	uint64_t stack_kib = (stack_size + guard_size) / 1024;
	const char *advice = NULL;

	heading(t, stack_size / 1024);
	for (size_t i = 0; i < RCGO_COUNTOF(limits); i++) {
		const struct limit *l = &limits[i];
		struct rcgo_limit_usage u;
		bool hit;

		if (!l->read(&u)) {
			continue;
		}
		hit = reached(&u, l->need == ONE_STACK ? stack_kib : l->need);
		rcgo__limits_table_row(t, l->name, &u, hit);
		if (hit && advice == NULL) {
			advice = l->advice;
		}
	}
	rcgo__append_str(t, "\n\t");
	rcgo__append_str(t, advice != NULL ? advice
					   : "None of these is reached: a limit of the jail or of "
					     "rctl(8) may be, or memory.");
	rcgo__append_str(
		t, "\n\tOr keep fewer goroutines in C calls at once: each holds a thread.");
}

bool
rcgo__limits_are_memory(size_t stack_size, size_t guard_size)
{
	struct rcgo_limit_usage u;

	return address_space(&u) && reached(&u, (stack_size + guard_size) / 1024);
}
