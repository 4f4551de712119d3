// SPDX-License-Identifier: BSD-3-Clause
// Part 5, System Calls: C library calls that Go makes through runtime/cgo. They are the calls that
// must apply to every thread of the process (argset_t), the changes of the environment that C code
// reads, and the memory mappings that sanitizers must see. Re-read runtime/cgo/linux_syscall.c,
// gcc_mmap.c, gcc_setenv.c, gcc_clearenv.c and syscall/syscall_linux.go (cgocaller).
//
// State: the state of all-threads calls (allthreads.h) and of the environment (environ.h).
//
// Callers and stacks:
//   _cgo_libc_*       syscall.Setuid and similar calls, by cgocall, on g0
//   x_cgo_mmap        callCgoMmap, on g0 or a system stack, perhaps with no g
//   x_cgo_munmap      as x_cgo_mmap
//   x_cgo_setenv, …   syscall.Setenv, Unsetenv and Clearenv, by asmcgocall, on g0
//
// Safety: the identity calls take the C library's lock on its list of threads, or stop all threads.
// The environment is changed so that a concurrent getenv, which takes no lock, is safe.
//
// Differences between Go versions: Go calls x_cgo_clearenv from 1.26 on. Go calls x_cgo_mmap and
// x_cgo_munmap on amd64, arm64 and loong64.
//
// A port must: 1. state whether the C library's identity calls apply to every thread.
#ifndef RCGO_SYSTEM_CALLS_H
#define RCGO_SYSTEM_CALLS_H

#include "go_entry_points.h"
#include "sanitizer.h"

#endif // RCGO_SYSTEM_CALLS_H
