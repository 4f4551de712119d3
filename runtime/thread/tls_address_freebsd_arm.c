// SPDX-License-Identifier: BSD-3-Clause
// On CPUs before ARMv6K, FreeBSD kept the thread pointer at an address that Go's runtime for
// freebsd/arm knew as a number, 0xffff1000. Newer CPUs have a register for it, and FreeBSD's
// headers no longer define the address.
// Re-read runtime/cgo/gcc_freebsd.c (gcc_freebsd_arm.c before 1.22), which checks the same.

#include <machine/sysarch.h>

#ifdef ARM_TP_ADDRESS
_Static_assert(ARM_TP_ADDRESS == 0xffff1000, "Go reads the thread pointer at another address");
#endif
