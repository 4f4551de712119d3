// SPDX-License-Identifier: BSD-3-Clause
// Assembly for amd64: the entry of a new thread into Go, on the thread's own stack, and the entry
// of signal handlers.
// Re-read runtime/cgo/gcc_amd64.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   rdi  fn     kept in rbx across the first call
//   rsi  setg
//   rdx  g
//
// Go code preserves no registers; the C ABI requires that rbx, rbp and r12-r15 are preserved. A
// frame pointer is set up, so that profilers that follow it find the start of the thread.

#include "asm_macros.h"

RCGO_ASM_BEGIN(rcgo__crosscall1)
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp		// the CFA is relative to rsp: Go code does not preserve rbp
	pushq	%rbx
	.cfi_adjust_cfa_offset 8
	.cfi_offset %rbx, -24
	pushq	%r12
	.cfi_adjust_cfa_offset 8
	.cfi_offset %r12, -32
	pushq	%r13
	.cfi_adjust_cfa_offset 8
	.cfi_offset %r13, -40
	pushq	%r14
	.cfi_adjust_cfa_offset 8
	.cfi_offset %r14, -48
	pushq	%r15
	.cfi_adjust_cfa_offset 8
	.cfi_offset %r15, -56
	subq	$8, %rsp		// rsp is a multiple of 16 at each call
	.cfi_adjust_cfa_offset 8

	movq	%rdi, %rbx
	movq	%rdx, %rdi
	call	*%rsi			// setg(g)
	call	*%rbx			// fn()

	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%r15
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r15
	popq	%r14
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r14
	popq	%r13
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r13
	popq	%r12
	.cfi_adjust_cfa_offset -8
	.cfi_restore %r12
	popq	%rbx
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -8
	.cfi_restore %rbp
	ret
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(movq $15, %rax; syscall)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	movq	%rdi, %rax
	movq	%rsi, %rdi
	andq	$-16, %rdx
	movq	%rdx, %rsp
	call	*%rax
	movq	%rbp, %rsp
	popq	%rbp
	.cfi_restore %rbp
	.cfi_def_cfa %rsp, 8
	ret
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler. The jump leaves no frame of
// theirs on the stack when Go's handler runs. For Go code a debugger knows where each frame ends,
// but not which registers it has saved. It could therefore not unwind a C frame above Go's that
// uses or has saved rbp.

// void x_cgo_callers(uintptr_t sig, void *info, void *context, rcgo_traceback_fn traceback,
//	uintptr_t *callers, void (*sigtramp)(uintptr_t, void *, void *))
	.text
	.balign 16
	.globl	x_cgo_callers
	.type	x_cgo_callers, %function
x_cgo_callers:
	.cfi_startproc
	endbr64
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	%r9
	.cfi_adjust_cfa_offset 8
	subq	$8, %rsp		// rsp is a multiple of 16
	.cfi_adjust_cfa_offset 8
	call	rcgo__callers_collect	// (sig, info, context, traceback, callers)
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%rax
	.cfi_adjust_cfa_offset -8
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	jmp	*%rax
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	endbr64
	pushq	%rdi
	.cfi_adjust_cfa_offset 8
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	call	rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
	popq	%rdi
	.cfi_adjust_cfa_offset -8
	jmp	*%rax
RCGO_ASM_END(rcgo__signal_chain_entry)


#ifndef RCGO_WITHOUT_SIGNALS

// The trampolines and their common entry; see interpose.h. The kernel enters a trampoline as a
// handler: edi signal, rsi siginfo_t, rdx ucontext_t, rsp the frame, which begins with the return
// address. A C handler that found a trampoline in the kernel's table may call it, so the registers
// that the C ABI requires are preserved. Runs on the stack that the kernel chose, with all signals
// blocked or those of C's mask.

	.text
	.balign 16
	.globl	rcgo__trampolines
	.hidden	rcgo__trampolines
	.type	rcgo__trampolines, %function
rcgo__trampolines:
	.cfi_startproc
	// A trampoline has room only for the low byte of its slot number. There are four groups
	// of 256, RCGO_ACTION_SLOTS in all. Each group has an entry that adds the high bits.
	.macro	TRAMPOLINES entry
	.set	low, 0
	.rept	256
	endbr64
	movb	$low, %cl
	.byte	0xe9		// jmp with a 32-bit offset: all trampolines have one size
	.long	\entry - . - 4
	nop
	.set	low, low + 1
	.endr
	.endm
	TRAMPOLINES	.Ltrampoline_entry_0
	TRAMPOLINES	.Ltrampoline_entry_1
	TRAMPOLINES	.Ltrampoline_entry_2
	TRAMPOLINES	.Ltrampoline_entry_3
	.cfi_endproc
	.size	rcgo__trampolines, . - rcgo__trampolines

	.balign 16
	.type	rcgo__trampoline_entry, %function
rcgo__trampoline_entry:
	.cfi_startproc
.Ltrampoline_entry_0:
	movzbl	%cl, %ecx
	jmp	.Ltrampoline_entry
.Ltrampoline_entry_1:
	movzbl	%cl, %ecx
	orl	$0x100, %ecx
	jmp	.Ltrampoline_entry
.Ltrampoline_entry_2:
	movzbl	%cl, %ecx
	orl	$0x200, %ecx
	jmp	.Ltrampoline_entry
.Ltrampoline_entry_3:
	movzbl	%cl, %ecx
	orl	$0x300, %ecx
.Ltrampoline_entry:
	movq	%rsp, %rax
	subq	$72, %rsp		// struct rcgo_trampoline_frame; rsp is a multiple of 16
	.cfi_def_cfa_offset 80
	movq	%rax, 8(%rsp)		// .sp
	movq	%rsi, 16(%rsp)		// .info
	movq	%rdx, 24(%rsp)		// .context
	movl	%edi, %eax
	movq	%rax, 48(%rsp)		// .sig
	movq	%rsp, %r8
	call	rcgo__trampoline_enter	// (sig, info, context, slot number, entry)
	movq	0(%rsp), %r8		// .target
	movl	48(%rsp), %r9d		// .sig
	movq	16(%rsp), %rsi
	movq	24(%rsp), %rdx
	movq	32(%rsp), %rax		// .mask
	movq	40(%rsp), %rcx		// .open
	movq	8(%rsp), %rsp		// the frame at its new place
	.cfi_def_cfa_offset 8
	testq	%rcx, %rcx
	jz	1f
	pushq	%rsi
	.cfi_adjust_cfa_offset 8
	pushq	%rdx
	.cfi_adjust_cfa_offset 8
	pushq	%rax
	.cfi_adjust_cfa_offset 8
	movl	$14, %eax		// rt_sigprocmask(SIG_SETMASK, &mask, NULL, 8)
	movl	$2, %edi
	movq	%rsp, %rsi
	xorl	%edx, %edx
	movl	$8, %r10d
	syscall
	addq	$8, %rsp
	.cfi_adjust_cfa_offset -8
	popq	%rdx
	.cfi_adjust_cfa_offset -8
	popq	%rsi
	.cfi_adjust_cfa_offset -8
1:	movl	%r9d, %edi
	xorl	%eax, %eax
	jmp	*%r8
	.cfi_endproc
	.size	rcgo__trampoline_entry, . - rcgo__trampoline_entry

#endif

RCGO_ASM_FILE_END
