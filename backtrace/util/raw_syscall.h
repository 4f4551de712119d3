// SPDX-License-Identifier: BSD-3-Clause
// System calls without libc: they do not touch errno or thread-local storage, and no sanitizer
// intercepts them. For code that runs while other threads are stopped at arbitrary points, or
// before a thread is set up.
#ifndef RCGO_RAW_SYSCALL_H
#define RCGO_RAW_SYSCALL_H

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "compat.h"

// From <linux/futex.h>, which musl's compiler driver does not find.
#define RCGO_FUTEX_WAIT 128 // FUTEX_WAIT_PRIVATE
#define RCGO_FUTEX_WAKE 129 // FUTEX_WAKE_PRIVATE

// For code that runs where a sanitizer's own state may not be accessible.
#define RCGO_NO_SANITIZE __attribute__((no_sanitize("address", "thread", "undefined")))

// Makes a system call. Returns the result, or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long rcgo__raw_syscall(
	long number, long a, long b, long c, long d, long e, long f);

#if defined(__FreeBSD__)

// libc's function is the only one that every CPU has. It changes errno, which is restored.
RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	int saved = errno;
	long result = syscall((int)number, a, b, c, d, e, f);

	if (result == -1) {
		result = -errno;
	}
	errno = saved;
	return result;
}

#elif defined(__x86_64__)

RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;

	__asm__ __volatile__("syscall"
			     : "+a"(number)
			     : "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			     : "rcx", "r11", "memory");
	return number;
}

#elif defined(__aarch64__)

RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long x8 __asm__("x8") = number;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	register long x5 __asm__("x5") = f;

	__asm__ __volatile__("svc #0"
			     : "+r"(x0)
			     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
			     : "memory");
	return x0;
}

#elif defined(__i386__)
#	include "raw_syscall_386.h"
#elif defined(__riscv) && __riscv_xlen == 64
#	include "raw_syscall_riscv64.h"
#elif defined(__arm__)
#	include "raw_syscall_arm.h"
#elif defined(__s390x__)
#	include "raw_syscall_s390x.h"
#else
#	error "runtime_cgo: no raw system call for this CPU: see doc/porting.md"
#endif

// The kernel's struct timespec for system calls of the names that every CPU has. libc's may have a
// 64-bit time_t on a CPU of 32 bits, for calls of other names.
struct rcgo_kernel_timespec {
	long tv_sec;
	long tv_nsec;
};

#if defined(__s390x__) // takes a pointer to its arguments
#	define RCGO_MMAP(size, prot, flags, fd)                                                  \
		rcgo__raw_syscall(SYS_mmap, (long)(const long[]){0, size, prot, flags, fd, 0}, 0, \
			0, 0, 0, 0)
#elif defined(SYS_mmap2) // SYS_mmap takes a pointer to its arguments, or is missing
#	define RCGO_MMAP(size, prot, flags, fd) \
		rcgo__raw_syscall(SYS_mmap2, 0, size, prot, flags, fd, 0)
#else
#	define RCGO_MMAP(size, prot, flags, fd) \
		rcgo__raw_syscall(SYS_mmap, 0, size, prot, flags, fd, 0)
#endif

// mmap at an address that the kernel chooses. fd is -1 for memory without a file; a file is mapped
// from its beginning. Returns the address, or -errno.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__raw_mmap(size_t size, long prot, long flags, long fd)
{
	return RCGO_MMAP((long)size, prot, flags, fd);
}

// Reports whether the result of a system call that returns an address is -errno. Addresses may lie
// in the upper half of the address space.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__raw_failed(long result)
{
	return result < 0 && result > -4096;
}

// Disabling cancellation. A pending pthread_cancel takes effect at the next cancellation point,
// such as open, read, write or close. In a signal handler or on Go's stacks this ends the process.
// Contract: POSIX.1-2024, 2.9.5 and 2.4.3, where pthread_setcancelstate is async-signal-safe.

#ifdef __BIONIC__ // has no pthread_cancel
#	define RCGO_CANCEL_NEVER 0
#	define RCGO_CANCEL_STATE(state, old) ((void)(state), (void)(old))
#else
#	define RCGO_CANCEL_NEVER PTHREAD_CANCEL_DISABLE
#	define RCGO_CANCEL_STATE(state, old) pthread_setcancelstate(state, old)
#endif

// Disables cancellation of the calling thread. Returns the state for rcgo__cancel_restore.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE int
rcgo__cancel_disable(void)
{
	int state = 0;

	RCGO_CANCEL_STATE(RCGO_CANCEL_NEVER, &state);
	return state;
}

// Restores the cancellation state that rcgo__cancel_disable returned.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__cancel_restore(int state)
{
	RCGO_CANCEL_STATE(state, &state);
}

// The ioctl of /proc/PID/maps that finds one mapping (Linux 6.11), which older headers lack:
// _IOWR('f', 17, a structure of 104 bytes).
#define RCGO_PROCMAP_QUERY 0xc0686611UL

#endif // RCGO_RAW_SYSCALL_H
