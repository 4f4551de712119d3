// SPDX-License-Identifier: BSD-3-Clause

//go:build linux

package allthreads_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/allthreads"
)

// RCGO_ALLTHREADS=yes or no says which result this build must have.
func TestAvailable(t *testing.T) {
	want := os.Getenv("RCGO_ALLTHREADS")
	if want == "" {
		t.Skip("RCGO_ALLTHREADS does not say what to expect")
	}
	if got := allthreads.Available(); got != (want == "yes") {
		t.Fatalf("Available is %v with RCGO_ALLTHREADS=%s", got, want)
	}
}

func need(t *testing.T) {
	t.Helper()
	if !allthreads.Available() {
		t.Skip("not with the stock runtime/cgo")
	}
}

func TestNotAvailable(t *testing.T) {
	if allthreads.Available() {
		t.Skip("available")
	}
	_, err := allthreads.Syscall(syscall.SYS_GETPID)
	var why *allthreads.Error
	if !errors.Is(err, syscall.ENOTSUP) || !errors.As(err, &why) {
		t.Errorf("got %v", err)
	}
	r, _, errno := allthreads.RawSyscall6(syscall.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	if r != ^uintptr(0) || errno != syscall.ENOTSUP {
		t.Errorf("got %#x, %v", r, errno)
	}
}

// Returns the nice values of all threads, and how many threads have each.
func niceValues(t *testing.T) map[string]int {
	stats, err := filepath.Glob("/proc/self/task/*/stat")
	if err != nil {
		t.Fatal(err)
	}
	values := map[string]int{}
	for _, name := range stats {
		stat, err := os.ReadFile(name)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
		if fields[0] != "Z" && fields[0] != "X" {
			values[fields[16]]++
		}
	}
	return values
}

func threads(n int) (stop func()) {
	var up, down sync.WaitGroup
	done := make(chan struct{})
	up.Add(n)
	down.Add(n)
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread()
			up.Done()
			<-done
			down.Done()
		}()
	}
	up.Wait()
	return func() { close(done); down.Wait() }
}

func TestEveryThread(t *testing.T) {
	need(t)
	defer threads(10)()
	base, _ := syscall.Getpriority(syscall.PRIO_PROCESS, 0)
	base = 20 - base
	for i := 0; i < 4 && base < 19; i++ {
		base++
		if _, err := allthreads.Syscall(syscall.SYS_SETPRIORITY, syscall.PRIO_PROCESS, 0,
			uintptr(base)); err != nil {
			t.Fatal(err)
		}
		got := niceValues(t)
		if len(got) != 1 || got[fmt.Sprint(base)] < 10 {
			t.Fatalf("nice values and threads: %v, want all %d", got, base)
		}
	}
}

func TestRefusedByKernel(t *testing.T) {
	need(t)
	_, err := allthreads.Syscall(syscall.SYS_CLOSE, ^uintptr(0))
	if err != syscall.EBADF {
		t.Errorf("close: %v", err)
	}
	r, _, errno := allthreads.RawSyscall6(syscall.SYS_CLOSE, ^uintptr(0), 0, 0, 0, 0, 0)
	if r != ^uintptr(0) || errno != syscall.EBADF {
		t.Errorf("close: %#x, %v", r, errno)
	}
	if _, err := allthreads.Syscall(0, 1, 2, 3, 4, 5, 6, 7); err == nil {
		t.Error("seven arguments")
	}
}

func TestResult(t *testing.T) {
	need(t)
	if r, err := allthreads.Syscall(syscall.SYS_GETPID); int(r) != os.Getpid() || err != nil {
		t.Errorf("getpid: %d, %v", r, err)
	}
	r, _, errno := allthreads.RawSyscall6(syscall.SYS_GETPID, 0, 0, 0, 0, 0, 0)
	if int(r) != os.Getpid() || errno != 0 {
		t.Errorf("getpid: %d, %v", r, errno)
	}
	var name syscall.Utsname
	if _, err := allthreads.Syscall(syscall.SYS_UNAME, uintptr(unsafe.Pointer(&name))); err != nil ||
		name.Sysname[0] != 'L' {
		t.Errorf("uname: %v, %v", err, name.Sysname)
	}
}

// The error names the thread that blocks the signal, and nothing is applied.
func TestBlockedThread(t *testing.T) {
	need(t)
	if runtimeStops() {
		t.Skip("without C Go stops its threads itself, and waits for ever")
	}
	type thread struct{ id, nice int }
	up, done := make(chan thread), make(chan struct{})
	defer close(done)
	go func() {
		runtime.LockOSThread() // for ever: the thread ends with the goroutine
		set := uint64(1) << 32
		syscall.RawSyscall6(syscall.SYS_RT_SIGPROCMASK, 0, uintptr(unsafe.Pointer(&set)), 0, 8, 0, 0)
		up <- thread{id: syscall.Gettid()}
		<-done
	}()
	blocked := <-up
	before := niceValues(t)
	start := time.Now()
	_, err := allthreads.Syscall(syscall.SYS_SETPRIORITY, syscall.PRIO_PROCESS, 0, 19)
	var why *allthreads.Error
	if !errors.As(err, &why) || why.Errno != syscall.EBUSY || why.Thread != blocked.id ||
		!strings.Contains(why.Why, "blocks signal 33") {
		t.Errorf("got %v, want EBUSY and thread %d", err, blocked.id)
	}
	if took := time.Since(start); took > 20*time.Second {
		t.Errorf("it took %v", took)
	}
	if after := niceValues(t); after["19"] > before["19"] {
		t.Errorf("nice values before %v, after %v", before, after)
	}
}
