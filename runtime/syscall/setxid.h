// SPDX-License-Identifier: BSD-3-Clause
// System Calls: decides whether the C library's broadcast of an identity call (setuid and similar)
// can be trusted, and makes the call on all threads where it cannot.
//
// glibc skips a thread that it cannot signal, for example when the user's limit of pending signals
// is reached, and still reports success (nptl_setxid.c). musl before 1.2.4 runs its handler on the
// current stack, which may be a goroutine's (golang/go#39857); later versions retry forever. Where
// the C library can be trusted its function is called, because a preloaded library such as fakeroot
// may replace it.
#ifndef RCGO_SETXID_H
#define RCGO_SETXID_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// An identity call as the kernel takes it.
struct rcgo_setxid {
	long number;
	uintptr_t args[3];
};

// How the call is made. If by_libc is false, the call has already been made.
struct rcgo_setxid_method {
	bool by_libc;
	bool locked; // the ticket lock is held
	bool raised; // RLIMIT_SIGPENDING was raised; its old values are soft and hard
	uint64_t soft, hard;
};

// Chooses the method, and makes the call on all threads if the C library cannot be trusted. Returns
// the errno of the call: 0 if it succeeded, or if the caller must make it by the C library. The
// caller must then call rcgo__setxid_end.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__setxid_begin(
	struct rcgo_setxid_method *method, const struct rcgo_setxid *call);

// Restores the limit of pending signals and releases the ticket lock of rcgo__setxid_begin.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__setxid_end(const struct rcgo_setxid_method *method);

#endif // RCGO_SETXID_H
