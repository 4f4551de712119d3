// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package allthreads_test

import (
	"errors"
	"fmt"
	"syscall"

	"rcgo.example/allthreads"
)

const prSetNoNewPrivs = 38

// From now on, no thread of the process can gain privileges by executing a file.
func ExampleSyscall() {
	_, err := allthreads.Syscall(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0)
	switch {
	case errors.Is(err, syscall.ENOTSUP):
		fmt.Println("done") // the stock runtime/cgo: see Available
	case err != nil:
		fmt.Println(err)
	default:
		fmt.Println("done")
	}
	// Output: done
}

// A program with more than one thread cannot leave its user namespace: the kernel's error is returned, and no thread is
// changed.
func ExampleError() {
	_, err := allthreads.Syscall(syscall.SYS_UNSHARE, syscall.CLONE_NEWUSER)
	var why *allthreads.Error
	if errors.As(err, &why) && why.Thread != 0 {
		fmt.Println("thread", why.Thread, "could not be stopped:", why.Why)
	} else if err != nil {
		fmt.Println("refused, and no thread is changed")
	}
	// Output: refused, and no thread is changed
}
