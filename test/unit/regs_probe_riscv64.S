// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code that no compiler can write. See test_crosscall1.c.

#include "regs_probe.h"

	.macro store symbol, reg
	la	t1, \symbol
	sd	\reg, 0(t1)
	.endm

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[])
// Calls rcgo__crosscall1 with 0x1111… in the first register that C wants back, 0x2222… in the next
// and so on (s0-s11, fs0-fs11), and stores what they hold when it has returned. The last word: how
// far the stack pointer is off.
BEGIN(unit_probe_call)
	addi	sp, sp, -208
	sd	ra, 200(sp)
	sd	a3, 0(sp)
	sd	s0, 8(sp)
	sd	s1, 16(sp)
	sd	s2, 24(sp)
	sd	s3, 32(sp)
	sd	s4, 40(sp)
	sd	s5, 48(sp)
	sd	s6, 56(sp)
	sd	s7, 64(sp)
	sd	s8, 72(sp)
	sd	s9, 80(sp)
	sd	s10, 88(sp)
	sd	s11, 96(sp)
	fsd	fs0, 104(sp)
	fsd	fs1, 112(sp)
	fsd	fs2, 120(sp)
	fsd	fs3, 128(sp)
	fsd	fs4, 136(sp)
	fsd	fs5, 144(sp)
	fsd	fs6, 152(sp)
	fsd	fs7, 160(sp)
	fsd	fs8, 168(sp)
	fsd	fs9, 176(sp)
	fsd	fs10, 184(sp)
	fsd	fs11, 192(sp)
	store	unit_probe_sp, sp
	li	s0, 0x1111111111111111
	li	s1, 0x2222222222222222
	li	s2, 0x3333333333333333
	li	s3, 0x4444444444444444
	li	s4, 0x5555555555555555
	li	s5, 0x6666666666666666
	li	s6, 0x7777777777777777
	li	s7, 0x8888888888888888
	li	s8, 0x9999999999999999
	li	s9, 0xaaaaaaaaaaaaaaaa
	li	s10, 0xbbbbbbbbbbbbbbbb
	li	s11, 0xcccccccccccccccc
	fmv.d.x	fs0, s0
	fmv.d.x	fs1, s1
	fmv.d.x	fs2, s2
	fmv.d.x	fs3, s3
	fmv.d.x	fs4, s4
	fmv.d.x	fs5, s5
	fmv.d.x	fs6, s6
	fmv.d.x	fs7, s7
	fmv.d.x	fs8, s8
	fmv.d.x	fs9, s9
	fmv.d.x	fs10, s10
	fmv.d.x	fs11, s11
	call	rcgo__crosscall1
	la	t1, unit_probe_sp
	ld	t0, 0(t1)
	sub	t2, sp, t0
	mv	sp, t0
	ld	a3, 0(sp)
	sd	s0, 0(a3)
	sd	s1, 8(a3)
	sd	s2, 16(a3)
	sd	s3, 24(a3)
	sd	s4, 32(a3)
	sd	s5, 40(a3)
	sd	s6, 48(a3)
	sd	s7, 56(a3)
	sd	s8, 64(a3)
	sd	s9, 72(a3)
	sd	s10, 80(a3)
	sd	s11, 88(a3)
	fsd	fs0, 96(a3)
	fsd	fs1, 104(a3)
	fsd	fs2, 112(a3)
	fsd	fs3, 120(a3)
	fsd	fs4, 128(a3)
	fsd	fs5, 136(a3)
	fsd	fs6, 144(a3)
	fsd	fs7, 152(a3)
	fsd	fs8, 160(a3)
	fsd	fs9, 168(a3)
	fsd	fs10, 176(a3)
	fsd	fs11, 184(a3)
	sd	t2, 192(a3)
	ld	s0, 8(sp)
	ld	s1, 16(sp)
	ld	s2, 24(sp)
	ld	s3, 32(sp)
	ld	s4, 40(sp)
	ld	s5, 48(sp)
	ld	s6, 56(sp)
	ld	s7, 64(sp)
	ld	s8, 72(sp)
	ld	s9, 80(sp)
	ld	s10, 88(sp)
	ld	s11, 96(sp)
	fld	fs0, 104(sp)
	fld	fs1, 112(sp)
	fld	fs2, 120(sp)
	fld	fs3, 128(sp)
	fld	fs4, 136(sp)
	fld	fs5, 144(sp)
	fld	fs6, 152(sp)
	fld	fs7, 160(sp)
	fld	fs8, 168(sp)
	fld	fs9, 176(sp)
	fld	fs10, 184(sp)
	fld	fs11, 192(sp)
	ld	ra, 200(sp)
	addi	sp, sp, 208
	ret
END(unit_probe_call)

// Go's setg: keeps what C keeps, and nothing else.
BEGIN(unit_probe_setg)
	store	unit_probe_g, a0
	store	unit_probe_setg_sp, sp
	.irp reg, a0, a1, a2, a3, a4, a5, a6, a7, t0, t1, t2, t3, t4, t5, t6
	li	\reg, -1
	.endr
	ret
END(unit_probe_setg)

// Go's mstart: keeps nothing but the way back.
BEGIN(unit_probe_fn)
	store	unit_probe_fn_sp, sp
	.irp reg, a0, a1, a2, a3, a4, a5, a6, a7, t0, t1, t2, t3, t4, t5, t6
	li	\reg, -1
	.endr
	.irp reg, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11
	li	\reg, -1
	.endr
	.irp reg, fs0, fs1, fs2, fs3, fs4, fs5, fs6, fs7, fs8, fs9, fs10, fs11
	fmv.d.x	\reg, a0
	.endr
	ret
END(unit_probe_fn)

PROBE_WORDS(8)
