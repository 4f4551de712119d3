// SPDX-License-Identifier: BSD-3-Clause
// System Calls: decides whether the C library or rcgo__allthreads_call makes an identity call on
// all threads. Runs on g0.
// Contract: glibc nptl/nptl_setxid.c; musl runtime/thread/synccall.c; Linux kernel/signal.c
// (__sigqueue_alloc), which counts pending signals by user.

//rcgo:small

#include "setxid.h"

#include <errno.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "allthreads.h"
#include "environment.h"
#include "options.h"
#include "raw_syscall.h"
#include "strbuf.h"

#ifdef __GLIBC__
#	define LIBC_SKIPS_THREADS 1
#else
#	define LIBC_SKIPS_THREADS 0
#endif

// If the limit exceeds the need by this many signals, it is far enough away.
#define SIGQUEUE_MARGIN 256

// Removes the limit of pending signals for the duration of the call. A process that may change its
// identity usually may do that too, and glibc can then signal every thread. The caller holds the
// ticket lock.
static bool
raise_sigpending(struct rcgo_setxid_method *method)
{
	uint64_t old[2];
	uint64_t none[2] = {UINT64_MAX, UINT64_MAX};

	if (rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_SIGPENDING, (long)none, (long)old, 0, 0) !=
		0) {
		return false;
	}
	method->soft = old[0];
	method->hard = old[1];
	method->raised = true;
	return true;
}

struct sigqueue_usage {
	uint64_t queued, limit, threads;
};

static bool
status_line(const char *line, void *arg)
{
	struct sigqueue_usage *usage = arg;
	const char *at = line;

	if (rcgo__has_prefix(line, "SigQ:", &at)) {
		if (rcgo__parse_uint(&at, &usage->queued) != 0 || *at++ != '/' ||
			rcgo__parse_uint(&at, &usage->limit) != 0) {
			usage->limit = 0;
		}
		return true;
	}
	if (rcgo__has_prefix(line, "Threads:", &at)) {
		rcgo__parse_uint(&at, &usage->threads);
	}
	return false;
}

// How long a successful check remains valid. A check takes half as long as a call.
#define SIGQUEUE_ROOM_NS (100 * UINT64_C(1000000))

// The time and the limit of the last successful check; 0: none yet.
// owner: the holder of the ticket lock; lock: the ticket lock; ordering: that lock
static struct {
	uint64_t at, limit;
} sigqueue_seen;

static bool
has_sigqueue_room(void)
{
	struct sigqueue_usage usage = {0, 0, 0};
	uint64_t now = rcgo__allthreads_now();
	uint64_t limit[2] = {0, 0};

	rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_SIGPENDING, 0, (long)limit, 0, 0);
	if (sigqueue_seen.at != 0 && limit[0] == sigqueue_seen.limit &&
		now - sigqueue_seen.at < SIGQUEUE_ROOM_NS) {
		return true;
	}
	if (rcgo__file_each_line("/proc/self/status", status_line, &usage) != 0 ||
		usage.limit <= usage.queued ||
		usage.limit - usage.queued <= 2 * usage.threads + SIGQUEUE_MARGIN) {
		sigqueue_seen.at = 0;
		return false;
	}
	sigqueue_seen.at = now;
	sigqueue_seen.limit = limit[0];
	return true;
}

static bool
libc_is_trusted(struct rcgo_setxid_method *method)
{
	const char *preload;

	if (!LIBC_SKIPS_THREADS) {
		// Our call is also faster than musl's. But a preloaded library must see the call.
		preload = getauxval(AT_SECURE) == 0 ? rcgo__environment_get("LD_PRELOAD") : NULL;
		return preload != NULL && *preload != 0;
	}
	if (raise_sigpending(method)) {
		return true;
	}
	// The user who runs a privileged program may want to keep the privileges that it drops.
	// That user controls the number of pending signals.
	return getauxval(AT_SECURE) == 0 && has_sigqueue_room();
}

int
rcgo__setxid_begin(struct rcgo_setxid_method *method, const struct rcgo_setxid *call)
{
	uintptr_t args[6] = {call->args[0], call->args[1], call->args[2]};
	struct rcgo_allthreads_failure f;
	int saved = errno;
	long result = 0;

	*method = (struct rcgo_setxid_method){.by_libc = true};
	if (rcgo__option_is("setid", "stock")) {
		return 0;
	}
	method->locked = true;
	rcgo__ticket_lock_acquire();
	if (!libc_is_trusted(method)) {
		rcgo__ticket_lock_release();
		result = rcgo__allthreads_call(call->number, args, &f);
		// If threads cannot be listed or signalled at all, only the C library's call
		// remains.
		method->by_libc = f.cause == RCGO_ALLTHREADS_NO_PROC ||
				  f.cause == RCGO_ALLTHREADS_NO_MEMORY ||
				  f.cause == RCGO_ALLTHREADS_REFUSED ||
				  f.cause == RCGO_ALLTHREADS_MANY;
		rcgo__ticket_lock_acquire();
	}
	errno = saved;
	return (int)-result;
}

void
rcgo__setxid_end(const struct rcgo_setxid_method *method)
{
	uint64_t old[2] = {method->soft, method->hard};

	if (!method->locked) {
		return;
	}
	if (method->raised) {
		rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_SIGPENDING, (long)old, 0, 0, 0);
	}
	rcgo__ticket_lock_release();
}
