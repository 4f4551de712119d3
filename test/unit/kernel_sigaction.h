// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: the kernel's own table of actions, read without libc. It is the reference for
// x_cgo_sigaction.
#ifndef KERNEL_SIGACTION_H
#define KERNEL_SIGACTION_H

#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

// The kernel's struct sigaction. On riscv64 it ends with the mask; restorer is unused there.
struct kernel_action {
	uintptr_t handler;
	unsigned long flags;
#ifdef __riscv
	uint64_t mask;
	uintptr_t restorer;
#else
	uintptr_t restorer;
	uint64_t mask;
#endif
};

#define KERNEL_SA_RESTORER 0x04000000UL

// glibc and musl reserve signals 32 and 33 (musl also 34).
#define LIBC_MASK ((uint64_t)3 << 31)

static inline int
kernel_sigaction(int sig, const struct kernel_action *act, struct kernel_action *old)
{
	return (int)syscall(SYS_rt_sigaction, sig, act, old, sizeof(uint64_t));
}

#endif // KERNEL_SIGACTION_H
