// SPDX-License-Identifier: BSD-3-Clause
// Assembly for riscv64: the entry of a new thread into Go, on the thread's own stack, and the entry
// of signal handlers. There is no relocation of signal frames on this CPU, so there are no
// trampolines.
// Re-read runtime/cgo/gcc_riscv64.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   a0  fn     kept in s1 across the first call
//   a1  setg
//   a2  g
//
// Go code preserves no registers; the C ABI requires that s0-s11 and fs0-fs11 are preserved. The
// CFA is relative to sp: Go code does not preserve s0.

#include "asm_macros.h"

// Go's own linker does not know the relocations by which a linker shortens code and then aligns it.
	.option norelax

RCGO_ASM_BEGIN(rcgo__crosscall1)
	addi	sp, sp, -208
	.cfi_def_cfa_offset 208
	sd	ra, 200(sp)
	.cfi_offset ra, -8
	sd	s0, 192(sp)
	.cfi_offset s0, -16
	sd	s1, 184(sp)
	.cfi_offset s1, -24
	sd	s2, 176(sp)
	.cfi_offset s2, -32
	sd	s3, 168(sp)
	.cfi_offset s3, -40
	sd	s4, 160(sp)
	.cfi_offset s4, -48
	sd	s5, 152(sp)
	.cfi_offset s5, -56
	sd	s6, 144(sp)
	.cfi_offset s6, -64
	sd	s7, 136(sp)
	.cfi_offset s7, -72
	sd	s8, 128(sp)
	.cfi_offset s8, -80
	sd	s9, 120(sp)
	.cfi_offset s9, -88
	sd	s10, 112(sp)
	.cfi_offset s10, -96
	sd	s11, 104(sp)
	.cfi_offset s11, -104
	fsd	fs0, 96(sp)
	.cfi_offset fs0, -112
	fsd	fs1, 88(sp)
	.cfi_offset fs1, -120
	fsd	fs2, 80(sp)
	.cfi_offset fs2, -128
	fsd	fs3, 72(sp)
	.cfi_offset fs3, -136
	fsd	fs4, 64(sp)
	.cfi_offset fs4, -144
	fsd	fs5, 56(sp)
	.cfi_offset fs5, -152
	fsd	fs6, 48(sp)
	.cfi_offset fs6, -160
	fsd	fs7, 40(sp)
	.cfi_offset fs7, -168
	fsd	fs8, 32(sp)
	.cfi_offset fs8, -176
	fsd	fs9, 24(sp)
	.cfi_offset fs9, -184
	fsd	fs10, 16(sp)
	.cfi_offset fs10, -192
	fsd	fs11, 8(sp)
	.cfi_offset fs11, -200

	mv	s1, a0
	mv	a0, a2
	jalr	ra, 0(a1)		// setg(g)
	jalr	ra, 0(s1)		// fn()

	ld	ra, 200(sp)
	.cfi_restore ra
	ld	s0, 192(sp)
	.cfi_restore s0
	ld	s1, 184(sp)
	.cfi_restore s1
	ld	s2, 176(sp)
	.cfi_restore s2
	ld	s3, 168(sp)
	.cfi_restore s3
	ld	s4, 160(sp)
	.cfi_restore s4
	ld	s5, 152(sp)
	.cfi_restore s5
	ld	s6, 144(sp)
	.cfi_restore s6
	ld	s7, 136(sp)
	.cfi_restore s7
	ld	s8, 128(sp)
	.cfi_restore s8
	ld	s9, 120(sp)
	.cfi_restore s9
	ld	s10, 112(sp)
	.cfi_restore s10
	ld	s11, 104(sp)
	.cfi_restore s11
	fld	fs0, 96(sp)
	.cfi_restore fs0
	fld	fs1, 88(sp)
	.cfi_restore fs1
	fld	fs2, 80(sp)
	.cfi_restore fs2
	fld	fs3, 72(sp)
	.cfi_restore fs3
	fld	fs4, 64(sp)
	.cfi_restore fs4
	fld	fs5, 56(sp)
	.cfi_restore fs5
	fld	fs6, 48(sp)
	.cfi_restore fs6
	fld	fs7, 40(sp)
	.cfi_restore fs7
	fld	fs8, 32(sp)
	.cfi_restore fs8
	fld	fs9, 24(sp)
	.cfi_restore fs9
	fld	fs10, 16(sp)
	.cfi_restore fs10
	fld	fs11, 8(sp)
	.cfi_restore fs11
	addi	sp, sp, 208
	.cfi_def_cfa_offset 0
	ret
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(li a7, 139; ecall)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	addi	sp, sp, -16
	.cfi_def_cfa_offset 16
	sd	ra, 8(sp)
	.cfi_offset ra, -8
	sd	s0, 0(sp)
	.cfi_offset s0, -16
	addi	s0, sp, 16
	.cfi_def_cfa s0, 0
	mv	t0, a0
	mv	a0, a1
	andi	sp, a2, -16
	jalr	ra, 0(t0)
	addi	sp, s0, -16
	.cfi_def_cfa sp, 16
	ld	ra, 8(sp)
	.cfi_restore ra
	ld	s0, 0(sp)
	.cfi_restore s0
	addi	sp, sp, 16
	.cfi_def_cfa_offset 0
	ret
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler. The jump leaves no frame of
// theirs on the stack when Go's handler runs.

// void x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
//	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
//
// Go imports it on this CPU, but its signal trampoline does not call it.
	.text
	.balign 16
	.globl	x_cgo_callers
	.type	x_cgo_callers, %function
x_cgo_callers:
	.cfi_startproc
	addi	sp, sp, -48
	.cfi_def_cfa_offset 48
	sd	ra, 40(sp)
	.cfi_offset ra, -8
	sd	a0, 0(sp)
	sd	a1, 8(sp)
	sd	a2, 16(sp)
	sd	a5, 24(sp)
	call	rcgo__callers_collect	// (sig, info, context, traceback, callers)
	ld	a0, 0(sp)
	ld	a1, 8(sp)
	ld	a2, 16(sp)
	ld	t0, 24(sp)
	ld	ra, 40(sp)
	.cfi_restore ra
	addi	sp, sp, 48
	.cfi_def_cfa_offset 0
	jr	t0
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	addi	sp, sp, -32
	.cfi_def_cfa_offset 32
	sd	ra, 24(sp)
	.cfi_offset ra, -8
	sd	a0, 0(sp)
	sd	a1, 8(sp)
	sd	a2, 16(sp)
	call	rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	mv	t0, a0
	ld	a0, 0(sp)
	ld	a1, 8(sp)
	ld	a2, 16(sp)
	ld	ra, 24(sp)
	.cfi_restore ra
	addi	sp, sp, 32
	.cfi_def_cfa_offset 0
	jr	t0
RCGO_ASM_END(rcgo__signal_chain_entry)

RCGO_ASM_FILE_END
