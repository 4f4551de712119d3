// SPDX-License-Identifier: BSD-3-Clause
// The part of kernel.h that is Linux's.
#ifndef RCGO_KERNEL_LINUX_H
#define RCGO_KERNEL_LINUX_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "compat.h"
#include "raw_syscall.h"

#define RCGO_PROBE_SIZE 8ul
#define RCGO_MAP_LAZY MAP_NORESERVE
#define RCGO_MAP_STACK MAP_STACK
#define RCGO_SI_THREAD SI_TKILL
#define RCGO_AUXV_VDSO AT_SYSINFO_EHDR
#define RCGO_AUXV_MINSIGSTKSZ 51 // AT_MINSIGSTKSZ, which older headers lack

// libc keeps a thread's descriptor, pthread_self, at the end of the thread's stack.
#define RCGO_THREAD_IS_ON_STACK 1

struct rcgo_kernel_mask {
	uint64_t low;
};

// The kernel's struct sigevent.
struct rcgo_kernel_sigevent {
	const void *value;
	int32_t signo;
	int32_t notify;
	int32_t tid;
	int32_t unused[(64 - sizeof(void *) - 12) / 4];
};
_Static_assert(sizeof(struct rcgo_kernel_sigevent) == 64, "sigevent");

RCGO_ALWAYS_INLINE long
rcgo__kernel_sigmask(int how, const void *set, void *old)
{
	return rcgo__raw_syscall(SYS_rt_sigprocmask, how, (long)set, (long)old,
		sizeof(struct rcgo_kernel_mask), 0, 0);
}

RCGO_ALWAYS_INLINE long
rcgo__kernel_action(int sig, const void *act, void *old)
{
	return rcgo__raw_syscall(
		SYS_rt_sigaction, sig, (long)act, (long)old, sizeof(struct rcgo_kernel_mask), 0, 0);
}

// The kernel reads the new mask before it looks at how (-1). By libc, so that emulators and
// tracers of system calls see the call as before.
RCGO_ALWAYS_INLINE long
rcgo__kernel_mask_probe(uintptr_t word)
{
	return syscall(SYS_rt_sigprocmask, -1l, word, 0ul, RCGO_PROBE_SIZE);
}

// Arguments of syscall(2) must be as wide as a register, or the upper half is undefined.
RCGO_ALWAYS_INLINE long
rcgo__kernel_copy(const struct iovec *to, const struct iovec *from, size_t count)
{
	return syscall(SYS_process_vm_readv, (long)getpid(), to, count, from, count, 0ul);
}

RCGO_ALWAYS_INLINE long
rcgo__kernel_thread_id(void)
{
	return rcgo__raw_syscall(SYS_gettid, 0, 0, 0, 0, 0, 0);
}

RCGO_ALWAYS_INLINE void
rcgo__kernel_thread_send(long id, int sig)
{
	rcgo__raw_syscall(SYS_tgkill, getpid(), id, sig, 0, 0, 0);
}

RCGO_ALWAYS_INLINE void
rcgo__kernel_timer_delete(int32_t timer)
{
	rcgo__raw_syscall(SYS_timer_delete, timer, 0, 0, 0, 0, 0);
}

RCGO_ALWAYS_INLINE void
rcgo__kernel_thread_name(char name[17])
{
	name[0] = 0;
	rcgo__raw_syscall(SYS_prctl, 16 /* PR_GET_NAME */, (long)name, 0, 0, 0, 0);
}

// libc's function is not called where libc and the kernel have the same struct stat: before glibc
// 2.33 the shared library does not export it.
#if defined(__x86_64__) || defined(__aarch64__) || defined(__riscv) || defined(__s390x__) || \
	defined(__powerpc64__)
#	define RCGO_KERNEL_FSTAT(fd, st) rcgo__raw_syscall(SYS_fstat, fd, (long)(st), 0, 0, 0, 0)
#else
#	define RCGO_KERNEL_FSTAT(fd, st) (fstat(fd, st) == 0 ? 0 : -errno)
#endif

RCGO_ALWAYS_INLINE long
rcgo__kernel_fstat(int fd, struct stat *st)
{
	int saved = errno;
	long result = RCGO_KERNEL_FSTAT(fd, st);

	errno = saved;
	return result;
}

RCGO_ALWAYS_INLINE uintptr_t
rcgo__kernel_auxv(int type)
{
	return (uintptr_t)getauxval((unsigned long)type);
}

RCGO_ALWAYS_INLINE bool
rcgo__kernel_is_secure(void)
{
	return getauxval(AT_SECURE) != 0;
}

#endif // RCGO_KERNEL_LINUX_H
