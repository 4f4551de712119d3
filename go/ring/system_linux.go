// SPDX-License-Identifier: BSD-3-Clause

package ring

import (
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"
)

const (
	madvWipeOnFork   = 18
	futexWaitPrivate = 128
	futexWakePrivate = 129
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

func processID() int { return os.Getpid() }
