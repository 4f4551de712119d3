// SPDX-License-Identifier: BSD-3-Clause
package main

/*
#include "seccomp.h"
*/
import "C"

import (
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"
	"time"
)

func init() {
	cases["seccomp"] = seccomp
}

var nowhere *int

// seccomp ACTION WHAT sandboxes the program and then runs WHAT.
func seccomp(args []string) error {
	action, err := strconv.ParseUint(args[0], 0, 32)
	if err != nil {
		return err
	}
	if err := C.seccomp_lock(C.uint(action)); err != 0 {
		return fmt.Errorf("no filter: %v", syscall.Errno(err))
	}
	switch args[1] {
	case "threads":
		var w sync.WaitGroup
		for i := 0; i < 30; i++ {
			w.Add(1)
			go func() {
				defer w.Done()
				C.seccomp_sleep()
			}()
		}
		w.Wait()
	case "setenv":
		for i := 0; i < 200; i++ {
			os.Setenv("SECCOMP_"+strconv.Itoa(i), "x")
		}
		os.Unsetenv("SECCOMP_7")
	case "nil":
		*nowhere = 1
	case "panic":
		panic("in a sandbox")
	case "c-nil":
		C.seccomp_fault()
	case "c-abort":
		C.seccomp_abort()
	case "quit":
		syscall.RawSyscall(syscall.SYS_TGKILL, uintptr(syscall.Getpid()), uintptr(syscall.Gettid()), uintptr(syscall.SIGQUIT))
		time.Sleep(time.Minute)
	case "c-thread-nil":
		C.seccomp_fault_on_a_thread()
	default:
		return fmt.Errorf("%s: unknown", args[1])
	}
	return nil
}
