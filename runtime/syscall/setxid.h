// SPDX-License-Identifier: BSD-3-Clause
// System Calls: whether libc's own broadcast of an identity call can be trusted, and what is done
// when it cannot.
//
// glibc passes over a thread that it cannot signal, as when the user's limit of pending signals is
// reached, and reports success (nptl_setxid.c); musl before 1.2.4 runs its handler on whatever
// stack it finds, which may be a goroutine's (golang/go#39857), and later tries for ever. Libc's
// functions are still called where they can be trusted, for a library put before libc (fakeroot)
// may stand in for them.
#ifndef RCGO_SETXID_H
#define RCGO_SETXID_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// An identity call, for the kernel.
struct rcgo_setxid {
	long number;
	uintptr_t args[3];
};

// How it is made. A call that is not libc's has been made.
struct rcgo_setxid_method {
	bool by_libc;
	bool raised; // the limit of pending signals, which was soft and hard
	uint64_t soft, hard;
};

// Decides, and makes the call on all threads if libc cannot be trusted to. Returns the call's
// errno, 0 when it succeeded or is left to libc.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__setxid_begin(
	struct rcgo_setxid_method *method, const struct rcgo_setxid *call);

// Ends what begin began.
// Safety: MT-Safe AS-Unsafe | stack=g0 g=set errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__setxid_end(const struct rcgo_setxid_method *method);

#endif // RCGO_SETXID_H
