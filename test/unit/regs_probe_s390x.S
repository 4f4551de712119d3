// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code that no compiler can write. See test_crosscall1.c.

#include "regs_probe.h"

	.macro store symbol, reg
	larl	%r1, \symbol
	stg	\reg, 0(%r1)
	.endm

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[])
// Calls rcgo__crosscall1 with 0x1111… in the first register that C wants back, 0x2222… in the next
// and so on (r6-r13, then the same in f8-f15), and stores what they hold when it has returned. The
// last word: how far the stack pointer is off.
BEGIN(unit_probe_call)
	stmg	%r5, %r15, 40(%r15)
	lay	%r15, -224(%r15)
	std	%f8, 160(%r15)
	std	%f9, 168(%r15)
	std	%f10, 176(%r15)
	std	%f11, 184(%r15)
	std	%f12, 192(%r15)
	std	%f13, 200(%r15)
	std	%f14, 208(%r15)
	std	%f15, 216(%r15)
	store	unit_probe_sp, %r15
	llihh	%r6, 0x1111
	oihl	%r6, 0x1111
	oilh	%r6, 0x1111
	oill	%r6, 0x1111
	ldgr	%f8, %r6
	llihh	%r7, 0x2222
	oihl	%r7, 0x2222
	oilh	%r7, 0x2222
	oill	%r7, 0x2222
	ldgr	%f9, %r7
	llihh	%r8, 0x3333
	oihl	%r8, 0x3333
	oilh	%r8, 0x3333
	oill	%r8, 0x3333
	ldgr	%f10, %r8
	llihh	%r9, 0x4444
	oihl	%r9, 0x4444
	oilh	%r9, 0x4444
	oill	%r9, 0x4444
	ldgr	%f11, %r9
	llihh	%r10, 0x5555
	oihl	%r10, 0x5555
	oilh	%r10, 0x5555
	oill	%r10, 0x5555
	ldgr	%f12, %r10
	llihh	%r11, 0x6666
	oihl	%r11, 0x6666
	oilh	%r11, 0x6666
	oill	%r11, 0x6666
	ldgr	%f13, %r11
	llihh	%r12, 0x7777
	oihl	%r12, 0x7777
	oilh	%r12, 0x7777
	oill	%r12, 0x7777
	ldgr	%f14, %r12
	llihh	%r13, 0x8888
	oihl	%r13, 0x8888
	oilh	%r13, 0x8888
	oill	%r13, 0x8888
	ldgr	%f15, %r13
	brasl	%r14, rcgo__crosscall1
	larl	%r1, unit_probe_sp
	lg	%r1, 0(%r1)
	sgr	%r15, %r1
	lgr	%r0, %r15
	lgr	%r15, %r1
	lg	%r5, 264(%r15)
	stmg	%r6, %r13, 0(%r5)
	std	%f8, 64(%r5)
	std	%f9, 72(%r5)
	std	%f10, 80(%r5)
	std	%f11, 88(%r5)
	std	%f12, 96(%r5)
	std	%f13, 104(%r5)
	std	%f14, 112(%r5)
	std	%f15, 120(%r5)
	stg	%r0, 128(%r5)
	ld	%f8, 160(%r15)
	ld	%f9, 168(%r15)
	ld	%f10, 176(%r15)
	ld	%f11, 184(%r15)
	ld	%f12, 192(%r15)
	ld	%f13, 200(%r15)
	ld	%f14, 208(%r15)
	ld	%f15, 216(%r15)
	lmg	%r6, %r15, 272(%r15)
	br	%r14
END(unit_probe_call)

// Go's setg: keeps what C keeps, and nothing else.
BEGIN(unit_probe_setg)
	store	unit_probe_g, %r2
	store	unit_probe_setg_sp, %r15
	.irp reg, %r0, %r1, %r2, %r3, %r4, %r5
	lghi	\reg, -1
	.endr
	br	%r14
END(unit_probe_setg)

// Go's mstart: keeps nothing but the way back.
BEGIN(unit_probe_fn)
	store	unit_probe_fn_sp, %r15
	.irp reg, %r0, %r1, %r2, %r3, %r4, %r5, %r6, %r7, %r8, %r9, %r10, %r11, %r12, %r13
	lghi	\reg, -1
	.endr
	.irp reg, %f8, %f9, %f10, %f11, %f12, %f13, %f14, %f15
	ldgr	\reg, %r0
	.endr
	br	%r14
END(unit_probe_fn)

PROBE_WORDS(8)
