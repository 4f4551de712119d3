// SPDX-License-Identifier: BSD-3-Clause
// System Calls: who makes an identity call for all threads: libc or we. Runs on g0.
// Contract: glibc nptl/nptl_setxid.c; musl runtime/thread/synccall.c; Linux kernel/signal.c
// (__sigqueue_alloc), which counts pending signals by user.

//rcgo:small

#include "setxid.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "allthreads.h"
#include "raw_syscall.h"
#include "strbuf.h"

#ifdef __GLIBC__
#	define LIBC_SKIPS_THREADS 1
#else
#	define LIBC_SKIPS_THREADS 0
#endif

// With so many signals more than threads to spare, the limit is far.
#define ROOM_TO_SPARE 256

// Takes the limit of pending signals away for the time of the call: who may change its identity
// most often may do that too, and glibc then can signal every thread. The turn is the caller's.
static bool
raise_pending(struct rcgo_setxid_method *method)
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

struct room {
	uint64_t queued, limit, threads;
};

static bool
status_line(const char *line, void *arg)
{
	struct room *room = arg;
	const char *at = line;

	if (rcgo__has_prefix(line, "SigQ:", &at)) {
		if (rcgo__parse_uint(&at, &room->queued) != 0 || *at++ != '/' ||
			rcgo__parse_uint(&at, &room->limit) != 0) {
			room->limit = 0;
		}
		return true;
	}
	if (rcgo__has_prefix(line, "Threads:", &at)) {
		rcgo__parse_uint(&at, &room->threads);
	}
	return false;
}

// How long it counts that there was room: to look takes half as long as a call.
#define ROOM_LASTS_NS (100 * UINT64_C(1000000))

// When there last was room, and under which limit; 0: not yet.
// owner: who has the turn; lock: the turn; ordering: the turn's
static struct {
	uint64_t at, limit;
} room_seen;

static bool
has_room(void)
{
	struct room room = {0, 0, 0};
	uint64_t now = rcgo__allthreads_now();
	uint64_t limit[2] = {0, 0};

	rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_SIGPENDING, 0, (long)limit, 0, 0);
	if (room_seen.at != 0 && limit[0] == room_seen.limit &&
		now - room_seen.at < ROOM_LASTS_NS) {
		return true;
	}
	if (rcgo__file_each_line("/proc/self/status", status_line, &room) != 0 ||
		room.limit <= room.queued ||
		room.limit - room.queued <= 2 * room.threads + ROOM_TO_SPARE) {
		room_seen.at = 0;
		return false;
	}
	room_seen.at = now;
	room_seen.limit = limit[0];
	return true;
}

static bool
libc_is_trusted(struct rcgo_setxid_method *method)
{
	const char *preload;

	if (!LIBC_SKIPS_THREADS) {
		// Ours is faster than musl's as well; but what was put before libc is meant.
		preload = getauxval(AT_SECURE) == 0 ? getenv("LD_PRELOAD") : NULL;
		return preload != NULL && *preload != 0;
	}
	if (raise_pending(method)) {
		return true;
	}
	// A program that got rights from its file may be run by who wants it to keep them.
	return getauxval(AT_SECURE) == 0 && has_room();
}

int
rcgo__setxid_begin(struct rcgo_setxid_method *method, const struct rcgo_setxid *call)
{
	uintptr_t args[6] = {call->args[0], call->args[1], call->args[2]};
	struct rcgo_allthreads_failure f;
	int saved = errno;
	long result = 0;

	*method = (struct rcgo_setxid_method){.by_libc = true};
	rcgo__ticket_lock_acquire();
	if (!libc_is_trusted(method)) {
		rcgo__ticket_lock_release();
		result = rcgo__allthreads_call(call->number, args, &f);
		// Where threads cannot be listed or signalled at all, libc is all there is.
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

	if (method->raised) {
		rcgo__raw_syscall(SYS_prlimit64, 0, RLIMIT_SIGPENDING, (long)old, 0, 0, 0);
	}
	rcgo__ticket_lock_release();
}
