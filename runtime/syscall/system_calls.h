// SPDX-License-Identifier: BSD-3-Clause
// Part 5, System Calls: libc calls on Go's behalf: those that must hold for every thread of the
// process (argset_t), the environment that C sees, and mappings that sanitizers must see.
// Re-read runtime/cgo/linux_syscall.c, gcc_mmap.c, gcc_setenv.c, gcc_clearenv.c and
// syscall/syscall_linux.go (cgocaller).
//
// State: that of all-threads calls, see allthreads.h, and of the environment, environ.h.
//
// Callers and stacks:
//   _cgo_libc_*       syscall.Setuid and kin by cgocall, on g0
//   x_cgo_mmap        callCgoMmap, on g0 or a system stack, perhaps with no g
//   x_cgo_munmap      the same
//   x_cgo_setenv, …   syscall.Setenv, Unsetenv, Clearenv by asmcgocall, on g0
//
// Safety: the identity calls lock libc's list of threads, or stop all threads; the environment is
// changed so that C's getenv, which takes no lock, may run at any time.
//
// Differences between Go versions: x_cgo_clearenv is called from 1.26 on. x_cgo_mmap and
// x_cgo_munmap are called on amd64, arm64 and loong64.
//
// A port must: 1. say whether libc's identity calls hold for every thread.
#ifndef RCGO_SYSTEM_CALLS_H
#define RCGO_SYSTEM_CALLS_H

#include "go_entry_points.h"
#include "sanitizer.h"

#endif // RCGO_SYSTEM_CALLS_H
