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
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "setxid.h"
#include "system_calls.h"

#define NO_CHANGE UINT32_MAX // the id that means "no change"

// Makes an identity call, by the C library's function unless its broadcast cannot be trusted.
// Indirect: the functions of libc below.
static void
set_identity(argset_t *x, const struct rcgo_setxid *call, int (*by_libc)(const uintptr_t *))
{
	struct rcgo_setxid_method method;
	int err = rcgo__setxid_begin(&method, call);

	if (method.by_libc) {
		err = by_libc(x->args) == -1 ? errno : 0;
	}
	rcgo__setxid_end(&method);
	// These calls have no result other than 0, so Go takes any other value as an errno.
	x->retval = (uintptr_t)err;
}

static int
setegid_by_libc(const uintptr_t *a)
{
	return setegid((gid_t)a[0]);
}

void
_cgo_libc_setegid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setresgid, {NO_CHANGE, a[0], NO_CHANGE}};

	set_identity(x, &call, setegid_by_libc);
}

static int
seteuid_by_libc(const uintptr_t *a)
{
	return seteuid((uid_t)a[0]);
}

void
_cgo_libc_seteuid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setresuid, {NO_CHANGE, a[0], NO_CHANGE}};

	set_identity(x, &call, seteuid_by_libc);
}

static int
setgid_by_libc(const uintptr_t *a)
{
	return setgid((gid_t)a[0]);
}

void
_cgo_libc_setgid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setgid, {a[0]}};

	set_identity(x, &call, setgid_by_libc);
}

static int
setgroups_by_libc(const uintptr_t *a)
{
	return setgroups((size_t)a[0], (const gid_t *)a[1]);
}

void
_cgo_libc_setgroups(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setgroups, {a[0], a[1]}};

	set_identity(x, &call, setgroups_by_libc);
}

static int
setregid_by_libc(const uintptr_t *a)
{
	return setregid((gid_t)a[0], (gid_t)a[1]);
}

void
_cgo_libc_setregid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setregid, {a[0], a[1]}};

	set_identity(x, &call, setregid_by_libc);
}

static int
setresgid_by_libc(const uintptr_t *a)
{
	return setresgid((gid_t)a[0], (gid_t)a[1], (gid_t)a[2]);
}

void
_cgo_libc_setresgid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setresgid, {a[0], a[1], a[2]}};

	set_identity(x, &call, setresgid_by_libc);
}

static int
setresuid_by_libc(const uintptr_t *a)
{
	return setresuid((uid_t)a[0], (uid_t)a[1], (uid_t)a[2]);
}

void
_cgo_libc_setresuid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setresuid, {a[0], a[1], a[2]}};

	set_identity(x, &call, setresuid_by_libc);
}

static int
setreuid_by_libc(const uintptr_t *a)
{
	return setreuid((uid_t)a[0], (uid_t)a[1]);
}

void
_cgo_libc_setreuid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setreuid, {a[0], a[1]}};

	set_identity(x, &call, setreuid_by_libc);
}

static int
setuid_by_libc(const uintptr_t *a)
{
	return setuid((uid_t)a[0]);
}

void
_cgo_libc_setuid(argset_t *x)
{
	const uintptr_t *a = x->args;
	struct rcgo_setxid call = {SYS_setuid, {a[0]}};

	set_identity(x, &call, setuid_by_libc);
}
