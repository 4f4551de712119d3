// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <unistd.h>
// static void hold(void) { sleep(30); }
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const rlimitAS, rlimitNproc, rlimitData = 0x9, 0x6, 0x2

func init() {
	cases["limits"] = caseLimits
}

// limits as|data|nproc|cgroup VALUE sets a limit, then holds more and more threads in C until the next one cannot
// start. It returns only if there is no limit.
func caseLimits(args []string) error {
	value, err := strconv.ParseUint(args[1], 10, 64)
	if err != nil {
		return err
	}
	switch args[0] {
	case "as":
		// The distance from current usage, in KiB; the value must be unique in the message.
		if value, err = inUse("VmSize:", value); err != nil {
			return err
		}
		err = syscall.Setrlimit(rlimitAS, &syscall.Rlimit{Cur: value * 1024, Max: value * 1024})
	case "data":
		if value, err = inUse("VmData:", value); err != nil {
			return err
		}
		err = syscall.Setrlimit(rlimitData, &syscall.Rlimit{Cur: value * 1024, Max: value * 1024})
	case "nproc":
		// Root is exempt: change to a user without other processes.
		if syscall.Geteuid() == 0 {
			if err := syscall.Setresuid(64321, 64321, 64321); err != nil {
				return err
			}
		}
		err = syscall.Setrlimit(rlimitNproc, &syscall.Rlimit{Cur: value, Max: value})
	case "cgroup":
		err = os.WriteFile(args[2]+"/cgroup.procs", []byte(strconv.Itoa(os.Getpid())), 0o666)
	}
	if err != nil {
		return fmt.Errorf("limit %s: %w", args[0], err)
	}
	fmt.Printf("limit %s is %d\n", args[0], value)
	for i := 0; i < 500; i++ {
		go func() {
			runtime.LockOSThread()
			C.hold()
		}()
		time.Sleep(100 * time.Microsecond)
	}
	time.Sleep(25 * time.Second)
	return fmt.Errorf("500 threads started in spite of the limit")
}

// inUse returns the memory that the kernel counts under this name, plus a margin, in KiB.
func inUse(name string, more uint64) (uint64, error) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	words := strings.Fields(string(text[strings.Index(string(text), name):]))
	used, err := strconv.ParseUint(words[1], 10, 64)
	return used + more, err
}
