// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "fork.h"
import "C"

import (
	"fmt"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

func init() {
	cases["fork"] = caseFork
	cases["fork-os-exec"] = caseForkOsExec
}

// Typical work of a callback that needs Go's other threads: a collection and a goroutine.
//
//export caseForkWork
func caseForkWork() {
	done := make(chan bool)
	go func() {
		time.Sleep(time.Millisecond)
		done <- true
	}()
	runtime.GC()
	<-done
}

// fork HOW WHAT WHERE prints how the child ended, and checks that the parent still works.
func caseFork(args []string) error {
	if len(args) != 3 {
		return fmt.Errorf("want: fork libc|clone|vfork calls|thread-calls|execs|ends-thread|exits go|c")
	}
	how := map[string]C.int{"libc": C.FORK_LIBC, "clone": C.FORK_CLONE, "vfork": C.FORK_VFORK}[args[0]]
	what := map[string]C.int{"calls": C.CHILD_CALLS_GO, "thread-calls": C.CHILD_THREAD_CALLS_GO,
		"execs": C.CHILD_EXECS, "ends-thread": C.CHILD_ENDS_THREAD, "exits": C.CHILD_EXITS}[args[1]]
	caseForkWork()
	var status C.int
	if args[2] == "go" {
		status = C.fork_and(how, what)
	} else {
		status = C.fork_on_thread_and(how, what)
	}
	if status < 0 {
		return fmt.Errorf("fork: %w", syscall.Errno(-status))
	}
	switch ws := syscall.WaitStatus(status); {
	case ws.Signaled():
		fmt.Printf("child: signal %d\n", ws.Signal())
	default:
		fmt.Printf("child: exit %d\n", ws.ExitStatus())
	}
	// Go in the parent is not affected.
	if status := C.fork_on_thread_and(C.FORK_LIBC, C.CHILD_EXECS); status != 0 {
		return fmt.Errorf("a child that execs: status %#x", status)
	}
	caseForkWork()
	return nil
}

func caseForkOsExec([]string) error {
	for i := 0; i < 20; i++ {
		out, err := exec.Command("/bin/sh", "-c", "echo here").Output()
		if err != nil || string(out) != "here\n" {
			return fmt.Errorf("%q, %v", out, err)
		}
	}
	return nil
}
