// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !cgo

package allthreads

import "syscall"

func available() bool { return true }

func call(trap uintptr, args *[6]uintptr) (uintptr, error) {
	r, _, err := syscall.AllThreadsSyscall6(trap, args[0], args[1], args[2], args[3], args[4], args[5])
	if err != 0 {
		return ^uintptr(0), err
	}
	return r, nil
}
