// SPDX-License-Identifier: BSD-3-Clause

// Package membarrier makes all threads of the process execute a memory barrier, so that those that run
// often need none of their own.
package membarrier

import (
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
)

const (
	expedited         = 8
	registerExpedited = 16
)

// The number of the system call, which package syscall does not have; 0 where it is not known.
var number = map[string]uintptr{"amd64": 324, "386": 375, "arm64": 283, "riscv64": 283, "loong64": 283,
	"arm": 389, "ppc64": 365, "ppc64le": 365, "s390x": 356}[runtime.GOARCH]

var (
	once       sync.Once
	registered bool
	forbidden  int32
)

// Available registers the process, the first time. False on a kernel before 4.14, and where a filter
// forbids the system call.
func Available() bool {
	once.Do(func() {
		if number != 0 {
			_, _, errno := syscall.RawSyscall(number, registerExpedited, 0, 0)
			registered = errno == 0
		}
	})
	return registered && atomic.LoadInt32(&forbidden) == 0
}

// Forbid makes Available give false, for tests.
func Forbid(yes bool) {
	var n int32
	if yes {
		n = 1
	}
	atomic.StoreInt32(&forbidden, n)
}

// All returns when every thread of the process has executed a barrier. False: the kernel has not done
// it, as under a filter that came after Available.
func All() bool {
	_, _, errno := syscall.RawSyscall(number, expedited, 0, 0)
	return errno == 0
}
