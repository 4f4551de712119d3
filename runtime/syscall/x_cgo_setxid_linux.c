// SPDX-License-Identifier: BSD-3-Clause
// System Calls, Go ABI: the nine identity calls. The kernel keeps an identity per thread. The C
// library's functions change it in all threads, where they can be trusted (setxid.h). Runs on g0.
// Re-read runtime/cgo/linux_syscall.c and syscall/syscall_linux.go.

//rcgo:small

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // setresuid, setresgid
#endif
#include <errno.h>
#include <grp.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "setxid.h"
#include "system_calls.h"

#define NO_CHANGE UINT32_MAX // the id that means "no change"

enum identity_call {
	SETEGID,
	SETEUID,
	SETGID,
	SETGROUPS,
	SETREGID,
	SETRESGID,
	SETRESUID,
	SETREUID,
	SETUID,
};

// CPUs that once had ids of 16 bits have calls of other names for those of 32 bits.
#ifdef SYS_setuid32
#	define ID_CALL(name) SYS_##name##32
#else
#	define ID_CALL(name) SYS_##name
#endif

// The system call of each, and its number of arguments. setegid and seteuid have no system call of
// their own: they set the second of three ids.
static const struct {
	uint16_t number;
	uint8_t args;
	bool second_of_three;
} identity_calls[] = {
	[SETEGID] = {ID_CALL(setresgid), 1, true},
	[SETEUID] = {ID_CALL(setresuid), 1, true},
	[SETGID] = {ID_CALL(setgid), 1, false},
	[SETGROUPS] = {ID_CALL(setgroups), 2, false},
	[SETREGID] = {ID_CALL(setregid), 2, false},
	[SETRESGID] = {ID_CALL(setresgid), 3, false},
	[SETRESUID] = {ID_CALL(setresuid), 3, false},
	[SETREUID] = {ID_CALL(setreuid), 2, false},
	[SETUID] = {ID_CALL(setuid), 1, false},
};

// Calls the C library's function. Returns 0 or -1 and sets errno.
static int
set_by_libc(enum identity_call which, const uintptr_t *a)
{
	switch (which) {
	case SETEGID:
		return setegid((gid_t)a[0]);
	case SETEUID:
		return seteuid((uid_t)a[0]);
	case SETGID:
		return setgid((gid_t)a[0]);
	case SETGROUPS:
		return setgroups((size_t)a[0], (const gid_t *)a[1]);
	case SETREGID:
		return setregid((gid_t)a[0], (gid_t)a[1]);
	case SETRESGID:
		return setresgid((gid_t)a[0], (gid_t)a[1], (gid_t)a[2]);
	case SETRESUID:
		return setresuid((uid_t)a[0], (uid_t)a[1], (uid_t)a[2]);
	case SETREUID:
		return setreuid((uid_t)a[0], (uid_t)a[1]);
	default:
		return setuid((uid_t)a[0]);
	}
}

// Makes an identity call, by the C library's function unless its broadcast cannot be trusted.
static void
set_identity(argset_t *x, enum identity_call which)
{
	struct rcgo_setxid call = {.number = identity_calls[which].number};
	struct rcgo_setxid_method method;
	int err;

	if (identity_calls[which].second_of_three) {
		call.args[0] = call.args[2] = NO_CHANGE;
		call.args[1] = x->args[0];
	} else {
		for (unsigned i = 0; i < identity_calls[which].args; i++) {
			call.args[i] = x->args[i];
		}
	}
	err = rcgo__setxid_begin(&method, &call);
	if (method.by_libc) {
		err = set_by_libc(which, x->args) == -1 ? errno : 0;
	}
	rcgo__setxid_end(&method);
	// These calls have no result other than 0, so Go takes any other value as an errno.
	x->retval = (uintptr_t)err;
}

void
_cgo_libc_setegid(argset_t *x)
{
	set_identity(x, SETEGID);
}

void
_cgo_libc_seteuid(argset_t *x)
{
	set_identity(x, SETEUID);
}

void
_cgo_libc_setgid(argset_t *x)
{
	set_identity(x, SETGID);
}

void
_cgo_libc_setgroups(argset_t *x)
{
	set_identity(x, SETGROUPS);
}

void
_cgo_libc_setregid(argset_t *x)
{
	set_identity(x, SETREGID);
}

void
_cgo_libc_setresgid(argset_t *x)
{
	set_identity(x, SETRESGID);
}

void
_cgo_libc_setresuid(argset_t *x)
{
	set_identity(x, SETRESUID);
}

void
_cgo_libc_setreuid(argset_t *x)
{
	set_identity(x, SETREUID);
}

void
_cgo_libc_setuid(argset_t *x)
{
	set_identity(x, SETUID);
}
