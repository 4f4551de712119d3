// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package allthreads

/*
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>

// As in runtime_cgo.h. With the stock runtime/cgo there is no such function.
struct rcgo_all_threads_failure {
	int32_t tid;
	char text[252];
};
extern long rcgo_syscall_all_threads(long number, const uintptr_t args[6],
	struct rcgo_all_threads_failure *why) __attribute__((weak));

static bool
has_all_threads(void)
{
	return rcgo_syscall_all_threads != 0;
}

static long
all_threads(uintptr_t number, const uintptr_t args[6], struct rcgo_all_threads_failure *why)
{
	return rcgo_syscall_all_threads((long)number, args, why);
}
*/
import "C"

import (
	"syscall"
	"unsafe"
)

func available() bool { return bool(C.has_all_threads()) }

// The range of error results of the kernel: -4095 to -1.
const firstErrno = ^uintptr(4094)

func call(trap uintptr, args *[6]uintptr) (uintptr, error) {
	if !available() {
		return ^uintptr(0), &Error{Errno: syscall.ENOTSUP,
			Why: "not available with the stock runtime/cgo; build with rcgo, or without C"}
	}
	var why C.struct_rcgo_all_threads_failure
	r := uintptr(C.all_threads(C.uintptr_t(trap), (*C.uintptr_t)(unsafe.Pointer(args)), &why))
	if r < firstErrno {
		return r, nil
	}
	errno := syscall.Errno(-r)
	if why.text[0] == 0 {
		return ^uintptr(0), errno
	}
	return ^uintptr(0), &Error{Errno: errno, Thread: int(why.tid), Why: C.GoString(&why.text[0])}
}
