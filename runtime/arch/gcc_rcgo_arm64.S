// SPDX-License-Identifier: BSD-3-Clause
// Assembly for arm64: the entry of a new thread into Go, on the thread's own stack, and the entry
// of signal handlers.
// Re-read runtime/cgo/gcc_arm64.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   x0  fn     kept in x19 across the first call
//   x1  setg
//   x2  g
//
// Go code preserves no registers; the C ABI requires that x19-x29 and the low halves of v8-v15 are
// preserved.

#include "asm_macros.h"

RCGO_ASM_BEGIN(rcgo__crosscall1)
	hint	#34			// bti c
	stp	x29, x30, [sp, #-160]!
	.cfi_def_cfa_offset 160
	.cfi_offset x29, -160
	.cfi_offset x30, -152
	mov	x29, sp			// the CFA is relative to sp: Go code does not preserve x29
	stp	x19, x20, [sp, #16]
	.cfi_offset x19, -144
	.cfi_offset x20, -136
	stp	x21, x22, [sp, #32]
	.cfi_offset x21, -128
	.cfi_offset x22, -120
	stp	x23, x24, [sp, #48]
	.cfi_offset x23, -112
	.cfi_offset x24, -104
	stp	x25, x26, [sp, #64]
	.cfi_offset x25, -96
	.cfi_offset x26, -88
	stp	x27, x28, [sp, #80]
	.cfi_offset x27, -80
	.cfi_offset x28, -72
	stp	d8, d9, [sp, #96]
	.cfi_offset d8, -64
	.cfi_offset d9, -56
	stp	d10, d11, [sp, #112]
	.cfi_offset d10, -48
	.cfi_offset d11, -40
	stp	d12, d13, [sp, #128]
	.cfi_offset d12, -32
	.cfi_offset d13, -24
	stp	d14, d15, [sp, #144]
	.cfi_offset d14, -16
	.cfi_offset d15, -8

	mov	x19, x0
	mov	x0, x2
	blr	x1			// setg(g)
	blr	x19			// fn()

	ldp	d14, d15, [sp, #144]
	.cfi_restore d14
	.cfi_restore d15
	ldp	d12, d13, [sp, #128]
	.cfi_restore d12
	.cfi_restore d13
	ldp	d10, d11, [sp, #112]
	.cfi_restore d10
	.cfi_restore d11
	ldp	d8, d9, [sp, #96]
	.cfi_restore d8
	.cfi_restore d9
	ldp	x27, x28, [sp, #80]
	.cfi_restore x27
	.cfi_restore x28
	ldp	x25, x26, [sp, #64]
	.cfi_restore x25
	.cfi_restore x26
	ldp	x23, x24, [sp, #48]
	.cfi_restore x23
	.cfi_restore x24
	ldp	x21, x22, [sp, #32]
	.cfi_restore x21
	.cfi_restore x22
	ldp	x19, x20, [sp, #16]
	.cfi_restore x19
	.cfi_restore x20
	ldp	x29, x30, [sp], #160
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	ret
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(mov x8, #139; svc #0)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	hint	#34			// bti c
	stp	x29, x30, [sp, #-16]!
	.cfi_def_cfa_offset 16
	.cfi_offset x29, -16
	.cfi_offset x30, -8
	mov	x29, sp
	.cfi_def_cfa_register x29
	mov	x9, x0
	mov	x0, x1
	and	x2, x2, #-16
	mov	sp, x2
	blr	x9
	mov	sp, x29
	ldp	x29, x30, [sp], #16
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa sp, 0
	ret
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler. The jump leaves no frame of
// theirs on the stack when Go's handler runs. For Go code a debugger knows where each frame ends,
// but not which registers it has saved. It could therefore not unwind a C frame above Go's that
// uses or has saved x29.

// void x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
//	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
	.balign 16
	.globl	x_cgo_callers
	.type	x_cgo_callers, %function
x_cgo_callers:
	.cfi_startproc
	hint	#34			// bti c
	stp	x29, x30, [sp, #-48]!
	.cfi_def_cfa_offset 48
	.cfi_offset x29, -48
	.cfi_offset x30, -40
	mov	x29, sp
	stp	x0, x1, [sp, #16]
	stp	x2, x5, [sp, #32]
	bl	rcgo__callers_collect	// (sig, info, context, traceback, callers)
	ldp	x0, x1, [sp, #16]
	ldp	x2, x16, [sp, #32]
	ldp	x29, x30, [sp], #48
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	br	x16
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	hint	#34			// bti c
	stp	x29, x30, [sp, #-48]!
	.cfi_def_cfa_offset 48
	.cfi_offset x29, -48
	.cfi_offset x30, -40
	mov	x29, sp
	stp	x0, x1, [sp, #16]
	str	x2, [sp, #32]
	bl	rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	mov	x16, x0
	ldp	x0, x1, [sp, #16]
	ldr	x2, [sp, #32]
	ldp	x29, x30, [sp], #48
	.cfi_restore x29
	.cfi_restore x30
	.cfi_def_cfa_offset 0
	br	x16
RCGO_ASM_END(rcgo__signal_chain_entry)


#ifndef RCGO_WITHOUT_SIGNALS

// The trampolines and their common entry; see interpose.h. The kernel enters a trampoline as a
// handler: w0 signal, x1 siginfo_t, x2 ucontext_t, sp the frame, x29 the frame record above it, x30
// the return address. A C handler that found a trampoline in the kernel's table may call it, so the
// registers that the C ABI requires are preserved. Runs on the stack that the kernel chose, with
// all signals blocked or those of C's mask.

	.text
	.balign 16
	.globl	rcgo__trampolines
	.hidden	rcgo__trampolines
	.type	rcgo__trampolines, %function
rcgo__trampolines:
	.cfi_startproc
	.set	slot, 0
	.rept	1024			// RCGO_ACTION_SLOTS
	hint	#34			// bti c; a trampoline has RCGO_TRAMPOLINE_SIZE bytes
	mov	w3, #slot
	b	.Ltrampoline_entry
	.set	slot, slot + 1
	.endr
	.cfi_endproc
	.size	rcgo__trampolines, . - rcgo__trampolines

	.balign 16
	.type	rcgo__trampoline_entry, %function
rcgo__trampoline_entry:
.Ltrampoline_entry:
	.cfi_startproc
	mov	x9, sp
	sub	sp, sp, #80		// struct rcgo_trampoline_frame
	.cfi_def_cfa_offset 80
	stp	x9, x1, [sp, #8]	// .sp .info
	str	x2, [sp, #24]		// .context
	uxtw	x9, w0
	stp	x9, x29, [sp, #48]	// .sig .fp
	str	x30, [sp, #64]		// .link
	.cfi_offset x29, -24
	.cfi_offset x30, -16
	mov	x4, sp
	bl	rcgo__trampoline_enter	// (sig, info, context, slot number, entry)
	ldp	x9, x10, [sp]		// .target .sp
	ldp	x11, x12, [sp, #16]	// .info .context
	ldp	x13, x14, [sp, #32]	// .mask .open
	ldp	x15, x29, [sp, #48]	// .sig .fp
	ldr	x30, [sp, #64]
	mov	sp, x10			// the frame at its new place
	.cfi_def_cfa sp, 0
	.cfi_restore x29
	.cfi_restore x30
	cbz	x14, 1f
	str	x13, [sp, #-16]!
	.cfi_adjust_cfa_offset 16
	mov	x8, #135		// rt_sigprocmask(SIG_SETMASK, &mask, NULL, 8)
	mov	x0, #2
	mov	x1, sp
	mov	x2, #0
	mov	x3, #8
	svc	#0
	add	sp, sp, #16
	.cfi_adjust_cfa_offset -16
1:	mov	w0, w15
	mov	x1, x11
	mov	x2, x12
	mov	x16, x9
	br	x16
	.cfi_endproc
	.size	rcgo__trampoline_entry, . - rcgo__trampoline_entry

#endif

RCGO_ASM_FILE_END
