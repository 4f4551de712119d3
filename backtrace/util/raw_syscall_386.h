// SPDX-License-Identifier: BSD-3-Clause
// The part of raw_syscall.h that is 386's.
#ifndef RCGO_RAW_SYSCALL_386_H
#define RCGO_RAW_SYSCALL_386_H

#include "compat.h"

// The sixth argument is in ebp, which may be the frame pointer. Unwinding that a signal starts
// during such a call ends there. Few calls have a sixth argument, so ebp is changed only for it.
RCGO_ALWAYS_INLINE long
rcgo__raw_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	if (__builtin_constant_p(f) && f == 0) {
		__asm__ __volatile__("int $0x80"
				     : "+a"(number)
				     : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e)
				     : "memory");
		return number;
	}
	__asm__ __volatile__("pushl %6\n\tpushl %%ebp\n\tmovl 4(%%esp), %%ebp\n\tint $0x80\n\t"
			     "popl %%ebp\n\taddl $4, %%esp"
			     : "+a"(number)
			     : "b"(a), "c"(b), "d"(c), "S"(d), "D"(e), "m"(f)
			     : "memory", "cc");
	return number;
}

#endif // RCGO_RAW_SYSCALL_386_H
