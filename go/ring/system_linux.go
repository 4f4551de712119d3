// SPDX-License-Identifier: BSD-3-Clause

package ring

import (
	"fmt"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

const (
	madvWipeOnFork   = 18
	futexWaitPrivate = 128
	futexWakePrivate = 129

	membarrierExpedited         = 8
	membarrierRegisterExpedited = 16
)

func newMemory(bytes uintptr) ([]byte, error) {
	memory, err := syscall.Mmap(-1, 0, int(bytes), syscall.PROT_READ|syscall.PROT_WRITE,
		syscall.MAP_PRIVATE|syscall.MAP_ANON)
	if err != nil {
		return nil, fmt.Errorf("ring: no memory of %d bytes: %w", bytes, err)
	}
	// A kernel before 4.14 lets a forked child push into its own copy, which nobody reads.
	_ = syscall.Madvise(memory, madvWipeOnFork)
	return memory, nil
}

func freeMemory(memory []byte) { _ = syscall.Munmap(memory) }

// newEventfd gives a file for Go, which waits in the netpoller, and a descriptor for C, which is
// closed with the memory: a late producer must not write to a file that took its number.
func newEventfd() (*os.File, int, error) {
	const flags = syscall.O_CLOEXEC | syscall.O_NONBLOCK
	fd, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, flags, 0)
	if errno != 0 {
		return nil, -1, fmt.Errorf("ring: eventfd: %w", errno)
	}
	forC, _, errno := syscall.RawSyscall(syscall.SYS_FCNTL, fd, syscall.F_DUPFD_CLOEXEC, 0)
	if errno != 0 {
		_ = syscall.Close(int(fd))
		return nil, -1, fmt.Errorf("ring: a second descriptor of the eventfd: %w", errno)
	}
	return os.NewFile(fd, "ring eventfd"), int(forC), nil
}

func closeFD(fd int) { _ = syscall.Close(fd) }

// futexWait sleeps while the word is value; 0 is no limit of time.
func futexWait(word *uint32, value uint32, limit time.Duration) {
	var ts *syscall.Timespec
	if limit > 0 {
		t := syscall.NsecToTimespec(int64(limit))
		ts = &t
	}
	_, _, _ = syscall.Syscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWaitPrivate,
		uintptr(value), uintptr(unsafe.Pointer(ts)), 0, 0)
}

func futexWake(word *uint32, n int) {
	_, _, _ = syscall.RawSyscall6(syscall.SYS_FUTEX, uintptr(unsafe.Pointer(word)), futexWakePrivate, uintptr(n), 0, 0, 0)
}

// The number of membarrier, which package syscall does not have; 0 where it is not known.
var membarrierNumber = map[string]uintptr{"amd64": 324, "386": 375, "arm64": 283, "riscv64": 283, "loong64": 283,
	"arm": 389, "ppc64": 365, "ppc64le": 365, "s390x": 356}[runtime.GOARCH]

var (
	registerOnce sync.Once
	registered   bool
	noMembarrier int32 // set by tests
)

// hasMembarrier registers the process once. Without it (an old kernel, a filter of system calls)
// producers issue a fence for each record.
func hasMembarrier() bool {
	registerOnce.Do(func() {
		if membarrierNumber != 0 {
			_, _, errno := syscall.RawSyscall(membarrierNumber, membarrierRegisterExpedited, 0, 0)
			registered = errno == 0
		}
	})
	return registered && atomic.LoadInt32(&noMembarrier) == 0
}

func membarrier() {
	_, _, _ = syscall.RawSyscall(membarrierNumber, membarrierExpedited, 0, 0)
}

func processID() int { return os.Getpid() }
