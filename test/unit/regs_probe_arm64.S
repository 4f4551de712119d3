// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code that no compiler can write. See test_crosscall1.c and test_interpose.c.

#define LANDING hint #34 // bti c
#include "regs_probe.h"

	.macro load reg, value
	movz	\reg, #\value
	movk	\reg, #\value, lsl #16
	movk	\reg, #\value, lsl #32
	movk	\reg, #\value, lsl #48
	.endm

	.macro store symbol
	adrp	x10, \symbol
	str	x9, [x10, #:lo12:\symbol]
	.endm

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[])
// Calls rcgo__crosscall1 with 0x1111… in the first register that C wants back, 0x2222… in the next
// and so on (x19-x29, d8-d15), and stores what they hold when it has returned. The last word: how
// far the stack pointer is off.
BEGIN(unit_probe_call)
	stp	x29, x30, [sp, #-192]!
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	str	x3, [sp, #160]
	mov	x9, sp
	store	unit_probe_sp
	load	x19, 0x1111
	load	x20, 0x2222
	load	x21, 0x3333
	load	x22, 0x4444
	load	x23, 0x5555
	load	x24, 0x6666
	load	x25, 0x7777
	load	x26, 0x8888
	load	x27, 0x9999
	load	x28, 0xaaaa
	load	x29, 0xbbbb
	fmov	d8, x19
	fmov	d9, x20
	fmov	d10, x21
	fmov	d11, x22
	fmov	d12, x23
	fmov	d13, x24
	fmov	d14, x25
	fmov	d15, x26
	bl	rcgo__crosscall1
	mov	x11, sp
	adrp	x10, unit_probe_sp
	ldr	x9, [x10, #:lo12:unit_probe_sp]
	sub	x11, x11, x9
	mov	sp, x9
	ldr	x3, [sp, #160]
	stp	x19, x20, [x3], #16
	stp	x21, x22, [x3], #16
	stp	x23, x24, [x3], #16
	stp	x25, x26, [x3], #16
	stp	x27, x28, [x3], #16
	str	x29, [x3], #8
	stp	d8, d9, [x3], #16
	stp	d10, d11, [x3], #16
	stp	d12, d13, [x3], #16
	stp	d14, d15, [x3], #16
	str	x11, [x3]
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #192
	ret
END(unit_probe_call)

	.macro spoil_scratch
	mov	x0, #-1
	mov	x1, x0
	mov	x2, x0
	mov	x3, x0
	mov	x4, x0
	mov	x5, x0
	mov	x6, x0
	mov	x7, x0
	mov	x8, x0
	mov	x9, x0
	mov	x10, x0
	mov	x11, x0
	mov	x12, x0
	mov	x13, x0
	mov	x14, x0
	mov	x15, x0
	mov	x16, x0
	mov	x17, x0
	.endm

// Go's setg: keeps what C keeps, and nothing else.
BEGIN(unit_probe_setg)
	mov	x9, x0
	store	unit_probe_g
	mov	x9, sp
	store	unit_probe_setg_sp
	spoil_scratch
	ret
END(unit_probe_setg)

// Go's mstart: keeps nothing but the way back.
BEGIN(unit_probe_fn)
	mov	x9, sp
	store	unit_probe_fn_sp
	spoil_scratch
	mov	x19, x0
	mov	x20, x0
	mov	x21, x0
	mov	x22, x0
	mov	x23, x0
	mov	x24, x0
	mov	x25, x0
	mov	x26, x0
	mov	x27, x0
	mov	x28, x0
	mov	x29, x0
	fmov	d8, x0
	fmov	d9, x0
	fmov	d10, x0
	fmov	d11, x0
	fmov	d12, x0
	fmov	d13, x0
	fmov	d14, x0
	fmov	d15, x0
	ret
END(unit_probe_fn)

#define ALL32 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, \
	16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31

// void unit_probe_wide(const void *before, void *after, int width, int pid, int sig): see
// test_interpose.c. The signal is sent by a system call, so nothing runs between but the handler.
BEGIN(unit_probe_wide)
	mov	x9, x1
	mov	x10, x0
	.irp n, ALL32
	ldr	q\n, [x10, #\n*16]
	.endr
	mov	w0, w3
	mov	w1, w4
	mov	x8, #129		// SYS_kill
	svc	#0
	.irp n, ALL32
	str	q\n, [x9, #\n*16]
	.endr
	ret
END(unit_probe_wide)

// void unit_probe_wide_clear(int width)
BEGIN(unit_probe_wide_clear)
	.irp n, ALL32
	movi	v\n\().2d, #0
	.endr
	ret
END(unit_probe_wide_clear)

PROBE_WORDS(8)
