// SPDX-License-Identifier: BSD-3-Clause
// The part of raw_syscall.h that is s390x's.
#ifndef RCGO_RAW_SYSCALL_S390X_H
#define RCGO_RAW_SYSCALL_S390X_H

#include "compat.h"

#ifdef __s390x__
RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	register long r1 __asm__("r1") = number;
	register long r2 __asm__("r2") = a;
	register long r3 __asm__("r3") = b;
	register long r4 __asm__("r4") = c;
	register long r5 __asm__("r5") = d;
	register long r6 __asm__("r6") = e;
	register long r7 __asm__("r7") = f;

	__asm__ __volatile__("svc 0"
			     : "+d"(r2)
			     : "d"(r1), "d"(r3), "d"(r4), "d"(r5), "d"(r6), "d"(r7)
			     : "cc", "memory");
	return r2;
}
#endif

#endif // RCGO_RAW_SYSCALL_S390X_H
