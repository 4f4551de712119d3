// SPDX-License-Identifier: BSD-3-Clause
// System Calls, the edge: the nine identity calls. The kernel keeps identity per thread; libc's
// wrappers change it in all of them. Runs on g0.
// Re-read runtime/cgo/linux_syscall.c and syscall/syscall_linux.go.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // setresuid, setresgid
#endif

#include <errno.h>
#include <grp.h>
#include <sys/types.h>
#include <unistd.h>

#include "rcgo_syscall.h"

// Stores the result of a call that has just been made, as Go wants it. Go tells an errno from a
// result by the call: these return 0 or fail.
static void
settle(argset_t *x, int result)
{
	x->retval = result == -1 ? (uintptr_t)errno : (uintptr_t)result;
}

void
_cgo_libc_setegid(argset_t *x)
{
	settle(x, setegid((gid_t)x->args[0]));
}

void
_cgo_libc_seteuid(argset_t *x)
{
	settle(x, seteuid((uid_t)x->args[0]));
}

void
_cgo_libc_setgid(argset_t *x)
{
	settle(x, setgid((gid_t)x->args[0]));
}

void
_cgo_libc_setgroups(argset_t *x)
{
	settle(x, setgroups((size_t)x->args[0], (const gid_t *)x->args[1]));
}

void
_cgo_libc_setregid(argset_t *x)
{
	settle(x, setregid((gid_t)x->args[0], (gid_t)x->args[1]));
}

void
_cgo_libc_setresgid(argset_t *x)
{
	settle(x, setresgid((gid_t)x->args[0], (gid_t)x->args[1], (gid_t)x->args[2]));
}

void
_cgo_libc_setresuid(argset_t *x)
{
	settle(x, setresuid((uid_t)x->args[0], (uid_t)x->args[1], (uid_t)x->args[2]));
}

void
_cgo_libc_setreuid(argset_t *x)
{
	settle(x, setreuid((uid_t)x->args[0], (uid_t)x->args[1]));
}

void
_cgo_libc_setuid(argset_t *x)
{
	settle(x, setuid((uid_t)x->args[0]));
}
