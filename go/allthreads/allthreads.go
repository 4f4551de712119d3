// SPDX-License-Identifier: BSD-3-Clause

// Package allthreads makes one system call on every thread of the process, of Go and of C, on all of them or on none.
// The kernel keeps identity, capabilities, Landlock domains, seccomp filters and scheduling for each thread. Go runs
// goroutines on any thread, so what one thread gives up, the others still have.
//
//	if _, err := allthreads.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(fd), 0); err != nil {
//		return err // no thread is restricted
//	}
//
// First all threads are stopped. If one cannot be stopped, nothing is applied, and the Error names the thread and the
// reason. Then the caller's thread makes the call; if that fails, no other thread makes it. If the results differ
// between threads, the process ends with a message, because there is no way back. Threads that are started later
// inherit from the changed ones.
//
// The call also reaches a thread that waits in the kernel: like any signal, it may end a wait of C code with EINTR. It
// takes about 10 µs for each thread, up to a second to give up on a thread that blocks signal 33, and up to five
// seconds on one that is stuck in the kernel.
//
// It needs a program built with runtime_cgo (rcgo build), or one without C (CGO_ENABLED=0), where Go's own
// syscall.AllThreadsSyscall6 makes the call. In a program with the stock runtime/cgo every call returns an Error with
// ENOTSUP; Available reports that beforehand.
package allthreads

import (
	"errors"
	"fmt"
	"syscall"
)

// An Error says why a call was not made on any thread. A call that was made and that the kernel refused returns the
// plain syscall.Errno instead; errors.Is(err, syscall.EPERM) holds in both cases.
type Error struct {
	Errno  syscall.Errno
	Thread int    // the id of the thread that could not be stopped, or 0
	Why    string // in words
}

func (e *Error) Error() string {
	return fmt.Sprintf("allthreads: %v: %s", e.Errno, e.Why)
}

// Unwrap returns the Errno.
func (e *Error) Unwrap() error { return e.Errno }

var errArguments = errors.New("allthreads: a system call has at most six arguments")

// Available reports whether calls can be made in this program: see the package's description.
func Available() bool { return available() }

// Syscall makes the system call trap on every thread of the process. It returns the results of the caller's thread. If
// an argument is written as uintptr(unsafe.Pointer(p)) in the call itself, *p is kept alive and in place, as in
// syscall.Syscall.
//
//go:uintptrescapes
func Syscall(trap uintptr, args ...uintptr) (uintptr, error) {
	var six [6]uintptr
	if copy(six[:], args) < len(args) {
		return ^uintptr(0), errArguments
	}
	return call(trap, &six)
}

// RawSyscall6 is Syscall with the arguments and results of syscall.RawSyscall6 and syscall.AllThreadsSyscall6, which it
// can replace. It does not report the reason of a failure.
//
//go:uintptrescapes
func RawSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno) {
	r1, failed := call(trap, &[6]uintptr{a1, a2, a3, a4, a5, a6})
	errors.As(failed, &err)
	return r1, 0, err
}
