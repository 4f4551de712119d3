// SPDX-License-Identifier: BSD-3-Clause

// Package allthreads makes one system call on every thread of the process, Go's and C's, all or
// nothing. The kernel keeps identity, capabilities, Landlock domains, seccomp filters and scheduling
// per thread; Go runs goroutines on any thread, so what one thread gives up, the others still have.
//
//	if _, err := allthreads.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(fd), 0); err != nil {
//		return err // no thread is restricted
//	}
//
// First all threads are stopped. When one cannot be, nothing is applied, and the Error says which
// and what keeps it. Then the caller's thread makes the call; when that fails, no other thread makes
// it. Results that differ between threads end the process with a message, for there is no way back.
// Threads that are started later inherit from those that were set.
//
// Such a call reaches a thread that waits in the kernel too: like any signal, it may end a wait of C
// code with EINTR. It takes some 10 µs a thread, up to a second to give up on a thread that blocks
// signal 33, and up to five on one that is stuck in the kernel.
//
// It needs a program built on runtime_cgo's C half (rcgo build), or one without C (CGO_ENABLED=0),
// where Go's own syscall.AllThreadsSyscall6 does it. In a program on the stock C half every call
// gives an Error with ENOTSUP, and Available says so beforehand.
package allthreads

import (
	"errors"
	"fmt"
	"syscall"
)

// An Error tells why a call was not made on any thread. A call that was made, and that the kernel
// refused, gives the plain syscall.Errno instead; errors.Is(err, syscall.EPERM) holds in both cases.
type Error struct {
	Errno  syscall.Errno
	Thread int    // the id of the thread that could not be stopped, or 0
	Why    string // in words
}

func (e *Error) Error() string {
	return fmt.Sprintf("allthreads: %v: %s", e.Errno, e.Why)
}

// Unwrap gives the Errno.
func (e *Error) Unwrap() error { return e.Errno }

var errArguments = errors.New("allthreads: a system call has at most six arguments")

// Available says whether calls can be made in this program: see the package's description.
func Available() bool { return available() }

// Syscall makes the system call trap on every thread of the process. It returns what the caller's
// thread got. Arguments made by uintptr(unsafe.Pointer(p)) in the call itself keep what they point
// to alive and in place, as in syscall.Syscall.
//
//go:uintptrescapes
func Syscall(trap uintptr, args ...uintptr) (uintptr, error) {
	var six [6]uintptr
	if copy(six[:], args) < len(args) {
		return ^uintptr(0), errArguments
	}
	return call(trap, &six)
}

// RawSyscall6 is Syscall with the arguments and results of syscall.RawSyscall6 and
// syscall.AllThreadsSyscall6, in whose place it can be used. It does not tell why.
//
//go:uintptrescapes
func RawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno) {
	r1, failed := call(trap, &[6]uintptr{a1, a2, a3, a4, a5, a6})
	errors.As(failed, &err)
	return r1, 0, err
}
