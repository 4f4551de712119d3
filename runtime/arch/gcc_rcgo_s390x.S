// SPDX-License-Identifier: BSD-3-Clause
// Assembly for s390x: the entry of a new thread into Go, on the thread's own stack, and the entry
// of signal handlers. There is no relocation of signal frames on this CPU, so there are no
// trampolines.
// Re-read runtime/cgo/gcc_s390x.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   r2  fn     kept in r6 across the first call
//   r3  setg
//   r4  g      kept in r13, where Go code has its g
//
// Go code preserves no registers; the C ABI requires that r6-r13, r15 and f8-f15 are preserved. A
// caller leaves 160 bytes above r15, in which the callee saves r6-r15. The CFA is above them.

#include "asm_macros.h"

// The callee has saved the registers from first to r15, or has restored them.
	.macro	cfi_saved first
	.irp	reg, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if	\reg >= \first
	.cfi_offset \reg, 8 * \reg - 160
	.endif
	.endr
	.endm

	.macro	cfi_restored first
	.irp	reg, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	.if	\reg >= \first
	.cfi_restore \reg
	.endif
	.endr
	.endm

RCGO_ASM_BEGIN(rcgo__crosscall1)
	stmg	%r6, %r15, 48(%r15)
	cfi_saved 6
	lay	%r15, -224(%r15)
	.cfi_def_cfa_offset 384
	std	%f8, 160(%r15)
	.cfi_offset %f8, -224
	std	%f9, 168(%r15)
	.cfi_offset %f9, -216
	std	%f10, 176(%r15)
	.cfi_offset %f10, -208
	std	%f11, 184(%r15)
	.cfi_offset %f11, -200
	std	%f12, 192(%r15)
	.cfi_offset %f12, -192
	std	%f13, 200(%r15)
	.cfi_offset %f13, -184
	std	%f14, 208(%r15)
	.cfi_offset %f14, -176
	std	%f15, 216(%r15)
	.cfi_offset %f15, -168

	lgr	%r6, %r2
	lgr	%r13, %r4
	lgr	%r2, %r4
	basr	%r14, %r3		// setg(g)
	basr	%r14, %r6		// fn()

	ld	%f8, 160(%r15)
	.cfi_restore %f8
	ld	%f9, 168(%r15)
	.cfi_restore %f9
	ld	%f10, 176(%r15)
	.cfi_restore %f10
	ld	%f11, 184(%r15)
	.cfi_restore %f11
	ld	%f12, 192(%r15)
	.cfi_restore %f12
	ld	%f13, 200(%r15)
	.cfi_restore %f13
	ld	%f14, 208(%r15)
	.cfi_restore %f14
	ld	%f15, 216(%r15)
	.cfi_restore %f15
	lmg	%r6, %r15, 272(%r15)
	.cfi_def_cfa_offset 160
	cfi_restored 6
	br	%r14
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(svc 173)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	stmg	%r11, %r15, 88(%r15)
	cfi_saved 11
	lgr	%r11, %r15
	.cfi_def_cfa_register %r11
	lgr	%r15, %r4
	nill	%r15, 0xfff8
	aghi	%r15, -160
	lgr	%r1, %r2
	lgr	%r2, %r3
	basr	%r14, %r1
	lmg	%r11, %r15, 88(%r11)
	.cfi_def_cfa_register %r15
	cfi_restored 11
	br	%r14
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler. The jump leaves no frame of
// theirs on the stack when Go's handler runs.

// void x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
//	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
//
// The last argument is on the stack. Go imports it on this CPU, but its signal trampoline does not
// call it.
	.text
	.balign 16
	.globl	x_cgo_callers
	.type	x_cgo_callers, %function
x_cgo_callers:
	.cfi_startproc
	stmg	%r6, %r15, 48(%r15)
	cfi_saved 6
	lay	%r15, -184(%r15)
	.cfi_def_cfa_offset 344
	stmg	%r2, %r4, 160(%r15)
	brasl	%r14, rcgo__callers_collect	// (sig, info, context, traceback, callers)
	lmg	%r2, %r4, 160(%r15)
	lg	%r1, 344(%r15)
	lmg	%r6, %r15, 232(%r15)
	.cfi_def_cfa_offset 160
	cfi_restored 6
	br	%r1
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	stmg	%r14, %r15, 112(%r15)
	cfi_saved 14
	lay	%r15, -184(%r15)
	.cfi_def_cfa_offset 344
	stmg	%r2, %r4, 160(%r15)
	brasl	%r14, rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	lgr	%r1, %r2
	lmg	%r2, %r4, 160(%r15)
	lmg	%r14, %r15, 296(%r15)
	.cfi_def_cfa_offset 160
	cfi_restored 14
	br	%r1
RCGO_ASM_END(rcgo__signal_chain_entry)

RCGO_ASM_FILE_END
