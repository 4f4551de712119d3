// SPDX-License-Identifier: BSD-3-Clause
// The part of kernel.h that is FreeBSD's. There a signal mask has 128 bits, and a thread is named
// by the number that thr_self(2) reports. The calls go past libthr, whose sigprocmask and sigaction
// do more.
// Contract: sigprocmask(2), which reads the new mask before it looks at how; thr_self(2),
// thr_kill(2), elf_aux_info(3), issetugid(2).
#ifndef RCGO_KERNEL_FREEBSD_H
#define RCGO_KERNEL_FREEBSD_H

#include <errno.h>
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

#define RCGO_PROBE_SIZE 16ul
#define RCGO_MAP_LAZY 0	 // memory is not reserved in advance
#define RCGO_MAP_STACK 0 // MAP_STACK makes a mapping that grows
#define RCGO_SI_THREAD SI_LWP
#define RCGO_AUXV_VDSO 0 // rcgo__kernel_auxv returns 0
#define RCGO_AUXV_MINSIGSTKSZ 0

// libthr allocates the descriptors of threads apart from their stacks.
#define RCGO_THREAD_IS_ON_STACK 0

struct rcgo_kernel_mask {
	uint64_t low;
	uint64_t high;
};

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_sigmask(int how, const void *set, void *old)
{
	return rcgo__raw_syscall(SYS_sigprocmask, how, (long)set, (long)old, 0, 0, 0);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_action(int sig, const void *act, void *old)
{
	return rcgo__raw_syscall(SYS_sigaction, sig, (long)act, (long)old, 0, 0, 0);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_mask_probe(uintptr_t word)
{
	return syscall(SYS_sigprocmask, -1, word, (uintptr_t)0);
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_fstat(int fd, struct stat *st)
{
	return rcgo__raw_syscall(SYS_fstat, fd, (long)st, 0, 0, 0, 0);
}

// No call copies without faulting. The probe always works.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_copy(RCGO_UNUSED const struct iovec *to, RCGO_UNUSED const struct iovec *from,
	RCGO_UNUSED size_t count)
{
	return -1;
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE long
rcgo__kernel_thread_id(void)
{
	long id = 0;

	rcgo__raw_syscall(SYS_thr_self, (long)&id, 0, 0, 0, 0, 0);
	return id;
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__kernel_thread_send(long id, int sig)
{
	rcgo__raw_syscall(SYS_thr_kill, id, sig, 0, 0, 0, 0);
}

// Nothing makes such a timer.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__kernel_timer_delete(int32_t timer)
{
	(void)timer;
}

// The kernel tells the names of threads only with the data of all threads of the process.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE void
rcgo__kernel_thread_name(char name[17])
{
	name[0] = 0;
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE uintptr_t
rcgo__kernel_auxv(int type)
{
	uintptr_t value = 0;

	return type != 0 && elf_aux_info(type, &value, sizeof value) == 0 ? value : 0;
}

// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_ALWAYS_INLINE bool
rcgo__kernel_is_secure(void)
{
	return issetugid() != 0;
}

#endif // RCGO_KERNEL_FREEBSD_H
