// SPDX-License-Identifier: BSD-3-Clause
// The part of raw_syscall.h that is arm's.
#ifndef RCGO_RAW_SYSCALL_ARM_H
#define RCGO_RAW_SYSCALL_ARM_H

#include "compat.h"

#ifdef __arm__
// r7, which has the number, may be the frame pointer.
RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long r0 __asm__("r0") = a;
	register long r1 __asm__("r1") = b;
	register long r2 __asm__("r2") = c;
	register long r3 __asm__("r3") = d;
	register long r4 __asm__("r4") = e;
	register long r5 __asm__("r5") = f;
	register long r6 __asm__("r6") = number;

	__asm__ __volatile__("mov ip, r7\n\tmov r7, r6\n\tswi 0\n\tmov r7, ip"
			     : "+r"(r0)
			     : "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5), "r"(r6)
			     : "ip", "memory");
	return r0;
}
#endif

#endif // RCGO_RAW_SYSCALL_ARM_H
