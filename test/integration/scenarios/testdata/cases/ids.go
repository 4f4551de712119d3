// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <stdlib.h>
// #include "ids.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"unsafe"
)

func init() {
	cases["ids"] = caseIds
	cases["ids-denied"] = caseIdsDenied
	cases["ids-faked"] = caseIdsFaked
	cases["env"] = caseEnv
}

// wantStatus checks that in every thread's status the line with this key has these words.
func wantStatus(key string, words ...string) error {
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return err
	}
	seen := 0
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // the thread has ended meanwhile
		}
		for _, line := range strings.Split(string(text), "\n") {
			if !strings.HasPrefix(line, key+":") {
				continue
			}
			if got := strings.Fields(line[len(key)+1:]); strings.Join(got, " ") != strings.Join(words, " ") {
				return fmt.Errorf("%s: %q, want %q", file, line, words)
			}
			seen++
		}
	}
	if seen < 6 {
		return fmt.Errorf("only %d threads have a line %s", seen, key)
	}
	return nil
}

// Every identity call takes effect on every thread, of Go and of C. The user ids are changed last, and the saved id
// keeps what is needed to change back.
func caseIds([]string) error {
	if err := waiters(); err != nil {
		return err
	}
	for _, step := range []struct {
		name string
		call func() error
		key  string
		want string
	}{
		{"Setgroups", func() error { return syscall.Setgroups([]int{3001, 3002, 3003}) }, "Groups", "3001 3002 3003"},
		{"Setgroups none", func() error { return syscall.Setgroups(nil) }, "Groups", ""},
		{"Setegid", func() error { return syscall.Setegid(3011) }, "Gid", "0 3011 0 3011"},
		{"Setregid", func() error { return syscall.Setregid(3021, 0) }, "Gid", "3021 0 0 0"},
		{"Setresgid", func() error { return syscall.Setresgid(3031, 3032, 3033) }, "Gid", "3031 3032 3033 3032"},
		{"Setresgid, -1 keeps", func() error { return syscall.Setresgid(-1, 3041, -1) }, "Gid", "3031 3041 3033 3041"},
		{"Setgid", func() error { return syscall.Setgid(3051) }, "Gid", "3051 3051 3051 3051"},
		{"Seteuid", func() error { return syscall.Seteuid(4011) }, "Uid", "0 4011 0 4011"},
		{"Seteuid back", func() error { return syscall.Seteuid(0) }, "Uid", "0 0 0 0"},
		{"Setreuid", func() error { return syscall.Setreuid(4021, 0) }, "Uid", "4021 0 0 0"},
		{"Setresuid", func() error { return syscall.Setresuid(4031, 0, 4033) }, "Uid", "4031 0 4033 0"},
		{"Setuid", func() error { return syscall.Setuid(4041) }, "Uid", "4041 4041 4041 4041"},
	} {
		if err := step.call(); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
		if err := wantStatus(step.key, strings.Fields(step.want)...); err != nil {
			return fmt.Errorf("%s: %w", step.name, err)
		}
	}
	return nil
}

// waiters starts waiting threads of both kinds.
func waiters() error {
	started := make(chan bool)
	for i := 0; i < 3; i++ {
		go func() {
			runtime.LockOSThread()
			started <- true
			select {}
		}()
		<-started
	}
	if err := C.ids_start_threads(3); err != 0 {
		return syscall.Errno(err)
	}
	return nil
}

// Without privileges, each call returns EPERM; setting the current value is always permitted.
func caseIdsDenied([]string) error {
	if err := waiters(); err != nil {
		return err
	}
	for name, call := range rootsIds {
		if err := call(); !errors.Is(err, syscall.EPERM) {
			return fmt.Errorf("%s: %v, want EPERM", name, err)
		}
	}
	if err := syscall.Setgid(syscall.Getgid()); err != nil {
		return err
	}
	if err := syscall.Setresuid(-1, -1, -1); err != nil {
		return err
	}
	_, _, errno := syscall.AllThreadsSyscall(syscall.SYS_GETPID, 0, 0, 0)
	if errno != syscall.ENOTSUP {
		return fmt.Errorf("AllThreadsSyscall with C in the program: %v, want ENOTSUP", errno)
	}
	return nil
}

// The identity calls with values that only root may set.
var rootsIds = map[string]func() error{
	"Setgroups": func() error { return syscall.Setgroups([]int{0}) },
	"Setegid":   func() error { return syscall.Setegid(0) },
	"Setgid":    func() error { return syscall.Setgid(0) },
	"Setregid":  func() error { return syscall.Setregid(0, 0) },
	"Setresgid": func() error { return syscall.Setresgid(0, 0, 0) },
	"Seteuid":   func() error { return syscall.Seteuid(0) },
	"Setuid":    func() error { return syscall.Setuid(0) },
	"Setreuid":  func() error { return syscall.Setreuid(0, 0) },
	"Setresuid": func() error { return syscall.Setresuid(0, 0, 0) },
}

// caseIdsFaked requires that all calls succeed, by the functions that were interposed before libc's.
func caseIdsFaked([]string) error {
	for name, call := range rootsIds {
		if err := call(); err != nil {
			return fmt.Errorf("%s: %v", name, err)
		}
	}
	return nil
}

// cEnv returns C's value of a variable and whether C has it.
func cEnv(name string) (string, bool) {
	s := C.CString(name)
	defer C.free(unsafe.Pointer(s))
	value := C.ids_getenv(s)
	return C.GoString(value), value != nil
}

// C sees the changes that Go makes to its environment.
func caseEnv([]string) error {
	const name = "RCGO_SCENARIO"
	for i := 0; i < 200; i++ {
		for _, value := range []string{"", "a", strings.Repeat("long ", 1000), "ä=ö"} {
			if err := os.Setenv(name, value); err != nil {
				return err
			}
			if got, ok := cEnv(name); !ok || got != value {
				return fmt.Errorf("C has %q, %v; want %q", got, ok, value)
			}
		}
		if err := os.Unsetenv(name); err != nil {
			return err
		}
		if got, ok := cEnv(name); ok {
			return fmt.Errorf("after Unsetenv C has %q", got)
		}
	}
	if err := os.Setenv(name, "x"); err != nil {
		return err
	}
	os.Clearenv()
	if n := C.ids_environ_count(); n != 0 {
		return fmt.Errorf("after Clearenv C has %d variables", n)
	}
	if err := os.Setenv(name, "y"); err != nil {
		return err
	}
	if got, ok := cEnv(name); !ok || got != "y" {
		return fmt.Errorf("after Clearenv and Setenv C has %q, %v", got, ok)
	}
	return nil
}
