// SPDX-License-Identifier: BSD-3-Clause
// The part of raw_syscall.h that is riscv64's.
#ifndef RCGO_RAW_SYSCALL_RISCV64_H
#define RCGO_RAW_SYSCALL_RISCV64_H

#include "compat.h"

#ifdef __riscv
RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long a7 __asm__("a7") = number;
	register long a0 __asm__("a0") = a;
	register long a1 __asm__("a1") = b;
	register long a2 __asm__("a2") = c;
	register long a3 __asm__("a3") = d;
	register long a4 __asm__("a4") = e;
	register long a5 __asm__("a5") = f;

	__asm__ __volatile__("ecall"
			     : "+r"(a0)
			     : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5)
			     : "memory");
	return a0;
}
#endif

#endif // RCGO_RAW_SYSCALL_RISCV64_H
