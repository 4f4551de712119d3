// SPDX-License-Identifier: BSD-3-Clause

// Privileges drops rights on every thread of a program that also has C threads, in five ways, and
// shows that no thread has kept them.
//
//	privileges capabilities    drops all capabilities with libcap's Go package
//	privileges landlock        restricts reading to /usr with go-landlock
//	privileges seccomp         forbids mkdir by a filter that the kernel installs on all threads
//	privileges nice            lowers the priority
//	privileges unshare         fails: a process with several threads cannot leave its user namespace
//
// The first two use unmodified packages from the module proxy, which do not know runtime_cgo. The
// others use rcgo.example/allthreads.
package main

/*
#cgo LDFLAGS: -pthread
#include "worker.h"
*/
import "C"

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"unsafe"

	"github.com/landlock-lsm/go-landlock/landlock"
	"kernel.org/pub/linux/libs/security/libcap/cap"
	"kernel.org/pub/linux/libs/security/libcap/psx"

	"rcgo.example/allthreads"
)

const workers = 4 // C threads that never call Go

var ways = map[string]func() error{
	"capabilities": capabilities, "landlock": restrict, "seccomp": filter, "nice": nice, "unshare": unshare,
}

func main() {
	if len(os.Args) != 2 || ways[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: privileges capabilities|landlock|seccomp|nice|unshare")
		os.Exit(2)
	}
	if err := C.workers_start(workers); err != 0 {
		fmt.Fprintln(os.Stderr, "no threads:", syscall.Errno(err))
		os.Exit(1)
	}
	if err := ways[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, os.Args[1]+":", err)
		os.Exit(1)
	}
}

// status returns, for each thread, the value of a field of /proc/self/task/TID/status.
func status(word string) (map[string]int, error) {
	files, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil {
		return nil, err
	}
	values := map[string]int{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // that thread has ended
		}
		_, rest, _ := strings.Cut(string(text), "\n"+word+":")
		line, _, _ := strings.Cut(rest, "\n")
		values[strings.TrimSpace(line)]++
	}
	return values, nil
}

// same returns the value that all threads have, or an error if they differ.
func same(word string) (string, error) {
	values, err := status(word)
	if err != nil {
		return "", err
	}
	if len(values) != 1 {
		return "", fmt.Errorf("threads differ in %s: %v", word, values)
	}
	for value, n := range values {
		if n < workers+2 {
			return "", fmt.Errorf("only %d threads", n)
		}
		return value, nil
	}
	return "", nil
}

func capabilities() error {
	if err := cap.NewSet().SetProc(); err != nil {
		return err
	}
	value, err := same("CapEff")
	if err != nil || strings.Trim(value, "0") != "" {
		return fmt.Errorf("CapEff %s: %v", value, err)
	}
	fmt.Println("every thread is without capabilities")
	return nil
}

// byWorkers makes each C thread open a file or create a directory. All must get the same result.
func byWorkers(what C.int, path string) (syscall.Errno, error) {
	p := append([]byte(path), 0)
	got := syscall.Errno(C.workers_do(what, (*C.char)(unsafe.Pointer(&p[0]))))
	if got == C.WORKERS_DIFFER {
		return 0, errors.New("C threads differ")
	}
	return got, nil
}

func restrict() error {
	if err := landlock.V1.RestrictPaths(landlock.RODirs("/usr")); err != nil {
		fmt.Println("this kernel does not restrict:", err)
		return noNewPrivs()
	}
	if got, err := byWorkers(C.WORKERS_OPEN, "/etc/passwd"); err != nil || got != syscall.EACCES {
		return fmt.Errorf("C opens /etc/passwd: %v, %v", got, err)
	}
	if got, err := byWorkers(C.WORKERS_OPEN, "/usr"); err != nil || got != 0 {
		return fmt.Errorf("C opens /usr: %v, %v", got, err)
	}
	if _, err := os.ReadFile("/etc/passwd"); !errors.Is(err, syscall.EACCES) {
		return fmt.Errorf("Go opens /etc/passwd: %v", err)
	}
	fmt.Println("every thread may read /usr only")
	return nil
}

// noNewPrivs sets no_new_privs on all threads as go-landlock does. Every kernel supports it.
func noNewPrivs() error {
	if _, _, errno := psx.Syscall6(syscall.SYS_PRCTL, prSetNoNewPrivs, 1, 0, 0, 0, 0); errno != 0 {
		return errno
	}
	value, err := same("NoNewPrivs")
	if err != nil || value != "1" {
		return fmt.Errorf("NoNewPrivs %s: %v", value, err)
	}
	fmt.Println("every thread has no_new_privs")
	return nil
}

const (
	prSetNoNewPrivs      = 38
	seccompSetModeFilter = 1
	seccompFlagTsync     = 1
)

func filter() error {
	if _, err := allthreads.Syscall(syscall.SYS_PRCTL, prSetNoNewPrivs, 1); err != nil {
		return err
	}
	// The kernel installs the filter on every thread, or returns the id of one that prevents it.
	if got := C.seccomp_without_mkdir(seccompSetModeFilter, seccompFlagTsync); got != 0 {
		return fmt.Errorf("seccomp: %d", got)
	}
	dir := filepath.Join(os.TempDir(), fmt.Sprint("privileges-", os.Getpid()))
	if got, err := byWorkers(C.WORKERS_MKDIR, dir); err != nil || got != syscall.EPERM {
		return fmt.Errorf("C makes a directory: %v, %v", got, err)
	}
	if err := os.Mkdir(dir, 0o700); !errors.Is(err, syscall.EPERM) {
		return fmt.Errorf("Go makes a directory: %v", err)
	}
	value, err := same("Seccomp")
	if err != nil || value != "2" {
		return fmt.Errorf("Seccomp %s: %v", value, err)
	}
	fmt.Println("no thread may make a directory")
	return nil
}

func nice() error {
	if _, err := allthreads.Syscall(syscall.SYS_SETPRIORITY, syscall.PRIO_PROCESS, 0, 15); err != nil {
		return err
	}
	files, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil {
		return err
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); fields[16] != "15" {
			return fmt.Errorf("%s: nice %s", file, fields[16])
		}
	}
	fmt.Println("every thread is at nice 15")
	return nil
}

func unshare() error {
	_, err := allthreads.Syscall(syscall.SYS_UNSHARE, syscall.CLONE_NEWUSER)
	if !errors.Is(err, syscall.EINVAL) {
		return fmt.Errorf("unshare: %v", err)
	}
	files, err := filepath.Glob("/proc/self/task/*/ns/user")
	if err != nil {
		return err
	}
	where, err := os.Readlink("/proc/self/ns/user")
	if err != nil {
		return err
	}
	for _, file := range files {
		if got, err := os.Readlink(file); err == nil && got != where {
			return fmt.Errorf("%s is in %s", file, got)
		}
	}
	fmt.Println("refused, as it has to be (invalid argument), and no thread has moved")
	return nil
}
