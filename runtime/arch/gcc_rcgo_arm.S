// SPDX-License-Identifier: BSD-3-Clause
// Assembly for arm: the entry of a new thread into Go, on the thread's own stack, and the entry of
// signal handlers. All of it is in ARM state; calls and jumps may change to Thumb. There is no
// relocation of signal frames on this CPU, so there are no trampolines.
// Re-read runtime/cgo/gcc_arm.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   r0  fn     kept in r4 across the first call
//   r1  setg
//   r2  g
//
// Go code preserves no registers; the C ABI requires that r4-r11 and, with floating-point
// registers, d8-d15 are preserved.

#include "asm_macros.h"

	.syntax unified
	.arm

#ifdef __ARM_FP
	.fpu	vfp
#endif

RCGO_ASM_BEGIN(rcgo__crosscall1)
	push	{r4, r5, r6, r7, r8, r9, r10, r11, ip, lr}
	.cfi_def_cfa_offset 40
	.cfi_offset r4, -40
	.cfi_offset r5, -36
	.cfi_offset r6, -32
	.cfi_offset r7, -28
	.cfi_offset r8, -24
	.cfi_offset r9, -20
	.cfi_offset r10, -16
	.cfi_offset r11, -12
	.cfi_offset lr, -4
#ifdef __ARM_FP
	vpush	{d8, d9, d10, d11, d12, d13, d14, d15}
	.cfi_adjust_cfa_offset 64
#endif
	mov	r4, r0
	mov	r5, r1
	mov	r0, r2
	blx	r5			// setg(g)
	blx	r4			// fn()
#ifdef __ARM_FP
	vpop	{d8, d9, d10, d11, d12, d13, d14, d15}
	.cfi_adjust_cfa_offset -64
#endif
	pop	{r4, r5, r6, r7, r8, r9, r10, r11, ip, pc}
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(mov r7, #173; svc #0)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	push	{r11, lr}
	.cfi_def_cfa_offset 8
	.cfi_offset r11, -8
	.cfi_offset lr, -4
	mov	r11, sp
	.cfi_def_cfa_register r11
	mov	r3, r0
	mov	r0, r1
	bic	sp, r2, #7
	blx	r3
	mov	sp, r11
	pop	{r11, pc}
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler. The jump leaves no frame of
// theirs on the stack when Go's handler runs.

// void x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
//	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
//
// The last two arguments are on the stack. Go imports it on this CPU, but its signal trampoline
// does not call it.
	.text
	.balign 16
	.globl	x_cgo_callers
	.type	x_cgo_callers, %function
x_cgo_callers:
	.cfi_startproc
	push	{r0, r1, r2, lr}
	.cfi_def_cfa_offset 16
	.cfi_offset lr, -4
	ldr	ip, [sp, #16]
	push	{ip, lr}		// sp is a multiple of 8
	.cfi_adjust_cfa_offset 8
	bl	rcgo__callers_collect	// (sig, info, context, traceback, callers)
	add	sp, sp, #8
	.cfi_adjust_cfa_offset -8
	pop	{r0, r1, r2, lr}
	.cfi_adjust_cfa_offset -16
	.cfi_restore lr
	ldr	ip, [sp, #4]
	bx	ip
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	push	{r0, r1, r2, lr}
	.cfi_def_cfa_offset 16
	.cfi_offset lr, -4
	bl	rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	mov	ip, r0
	pop	{r0, r1, r2, lr}
	.cfi_adjust_cfa_offset -16
	.cfi_restore lr
	bx	ip
RCGO_ASM_END(rcgo__signal_chain_entry)

// Divisions, which not every arm has an instruction for. Compilers call libgcc's functions, which
// are of Thumb code whose relocations Go's own linker does not know. These take their place: they
// are weak, so libgcc's are linked where something else needs them. Contract: Run-time ABI for the
// Arm Architecture, 4.3.1.
#define RCGO_ASM_HELPER(name) .balign 4; .weak name; .hidden name; .type name, %function; name:

// r0 / r1: the quotient in r0, the remainder in r1. Changes r2, r3 and the flags.
RCGO_ASM_HELPER(__aeabi_uidiv)
RCGO_ASM_HELPER(__aeabi_uidivmod)
.Ldivide_32:
	mov	r2, #0			// the remainder
	mov	r3, #32
1:	adds	r0, r0, r0
	adcs	r2, r2, r2
	bcs	2f
	cmp	r2, r1
	blo	3f
2:	sub	r2, r2, r1
	orr	r0, r0, #1
3:	subs	r3, r3, #1
	bne	1b
	mov	r1, r2
	bx	lr

// The same with signs. A remainder has the sign of the dividend.
RCGO_ASM_HELPER(__aeabi_idiv)
RCGO_ASM_HELPER(__aeabi_idivmod)
	.cfi_startproc
	push	{r4, lr}
	.cfi_def_cfa_offset 8
	.cfi_offset r4, -8
	.cfi_offset lr, -4
	mov	r4, r0
	eor	ip, r0, r1
	cmp	r0, #0
	rsbmi	r0, r0, #0
	cmp	r1, #0
	rsbmi	r1, r1, #0
	bl	.Ldivide_32
	cmp	ip, #0
	rsbmi	r0, r0, #0
	cmp	r4, #0
	rsbmi	r1, r1, #0
	pop	{r4, pc}
	.cfi_endproc

// r1:r0 / r3:r2: the quotient in r1:r0, the remainder in r3:r2.
RCGO_ASM_HELPER(__aeabi_uldivmod)
	.cfi_startproc
.Ldivide_64:
	push	{r4, r5, r6, lr}
	.cfi_def_cfa_offset 16
	.cfi_offset r4, -16
	.cfi_offset r5, -12
	.cfi_offset r6, -8
	.cfi_offset lr, -4
	mov	r4, #0			// the remainder in r5:r4
	mov	r5, #0
	mov	r6, #64
1:	adds	r0, r0, r0
	adcs	r1, r1, r1
	adcs	r4, r4, r4
	adcs	r5, r5, r5
	bcs	2f
	cmp	r5, r3
	cmpeq	r4, r2
	blo	3f
2:	subs	r4, r4, r2
	sbc	r5, r5, r3
	orr	r0, r0, #1
3:	subs	r6, r6, #1
	bne	1b
	mov	r2, r4
	mov	r3, r5
	pop	{r4, r5, r6, pc}
	.cfi_endproc

RCGO_ASM_HELPER(__aeabi_ldivmod)
	.cfi_startproc
	push	{r4, r5, r6, lr}
	.cfi_def_cfa_offset 16
	.cfi_offset r4, -16
	.cfi_offset r5, -12
	.cfi_offset r6, -8
	.cfi_offset lr, -4
	mov	r4, r1
	eor	r5, r1, r3
	cmp	r1, #0
	bpl	1f
	rsbs	r0, r0, #0
	rsc	r1, r1, #0
1:	cmp	r3, #0
	bpl	2f
	rsbs	r2, r2, #0
	rsc	r3, r3, #0
2:	bl	.Ldivide_64
	cmp	r5, #0
	bpl	3f
	rsbs	r0, r0, #0
	rsc	r1, r1, #0
3:	cmp	r4, #0
	bpl	4f
	rsbs	r2, r2, #0
	rsc	r3, r3, #0
4:	pop	{r4, r5, r6, pc}
	.cfi_endproc

RCGO_ASM_FILE_END
