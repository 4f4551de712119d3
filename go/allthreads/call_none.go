// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux

package allthreads

import "syscall"

func available() bool { return false }

func call(trap uintptr, args *[6]uintptr) (uintptr, error) {
	return ^uintptr(0), &Error{Errno: syscall.ENOTSUP, Why: "not available: Linux only"}
}
