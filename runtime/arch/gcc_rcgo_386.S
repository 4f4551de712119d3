// SPDX-License-Identifier: BSD-3-Clause
// Assembly for 386: the entry of a new thread into Go, on the thread's own stack, and the entry
// of signal handlers. All arguments are on the stack. There is no relocation of signal frames on
// this CPU, so there are no trampolines.
// Re-read runtime/cgo/gcc_386.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
// Go code preserves no registers; the C ABI requires that ebx, esi, edi and ebp are preserved. A
// frame pointer is set up, so that profilers that follow it find the start of the thread.

#include "asm_macros.h"

RCGO_ASM_BEGIN(rcgo__crosscall1)
	pushl	%ebp
	.cfi_def_cfa_offset 8
	.cfi_offset %ebp, -8
	movl	%esp, %ebp		// the CFA is relative to esp: Go code does not preserve ebp
	pushl	%ebx
	.cfi_adjust_cfa_offset 4
	.cfi_offset %ebx, -12
	pushl	%esi
	.cfi_adjust_cfa_offset 4
	.cfi_offset %esi, -16
	pushl	%edi
	.cfi_adjust_cfa_offset 4
	.cfi_offset %edi, -20
	subl	$12, %esp		// esp is a multiple of 16 at each call
	.cfi_adjust_cfa_offset 12

	movl	8(%ebp), %ebx		// fn
	movl	16(%ebp), %eax
	movl	%eax, (%esp)
	call	*12(%ebp)		// setg(g)
	call	*%ebx			// fn()

	addl	$12, %esp
	.cfi_adjust_cfa_offset -12
	popl	%edi
	.cfi_adjust_cfa_offset -4
	.cfi_restore %edi
	popl	%esi
	.cfi_adjust_cfa_offset -4
	.cfi_restore %esi
	popl	%ebx
	.cfi_adjust_cfa_offset -4
	.cfi_restore %ebx
	popl	%ebp
	.cfi_adjust_cfa_offset -4
	.cfi_restore %ebp
	ret
RCGO_ASM_END(rcgo__crosscall1)

RCGO_ASM_SIGRETURN(movl $173, %eax; int $0x80)	// SYS_rt_sigreturn

// void rcgo__call_on(void (*fn)(void *), void *arg, void *top)
//
// Calls fn(arg) on another stack, whose end is top.
RCGO_ASM_BEGIN(rcgo__call_on)
	pushl	%ebp
	.cfi_def_cfa_offset 8
	.cfi_offset %ebp, -8
	movl	%esp, %ebp
	.cfi_def_cfa_register %ebp
	movl	8(%ebp), %eax
	movl	12(%ebp), %ecx
	movl	16(%ebp), %edx
	andl	$-16, %edx
	leal	-16(%edx), %esp
	movl	%ecx, (%esp)
	call	*%eax
	movl	%ebp, %esp
	popl	%ebp
	.cfi_restore %ebp
	.cfi_def_cfa %esp, 4
	ret
RCGO_ASM_END(rcgo__call_on)

// Handlers that inspect a signal first and then jump to Go's handler, which finds its arguments
// where they were. The jump leaves no frame of theirs on the stack when Go's handler runs.

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
	subl	$28, %esp		// esp is a multiple of 16
	.cfi_def_cfa_offset 32
	movl	32(%esp), %eax
	movl	%eax, (%esp)
	movl	36(%esp), %eax
	movl	%eax, 4(%esp)
	movl	40(%esp), %eax
	movl	%eax, 8(%esp)
	movl	44(%esp), %eax
	movl	%eax, 12(%esp)
	movl	48(%esp), %eax
	movl	%eax, 16(%esp)
	call	rcgo__callers_collect	// (sig, info, context, traceback, callers)
	addl	$28, %esp
	.cfi_def_cfa_offset 4
	jmp	*24(%esp)
RCGO_ASM_END(x_cgo_callers)

// void rcgo__signal_chain_entry(int sig, siginfo_t *info, void *context)
RCGO_ASM_BEGIN(rcgo__signal_chain_entry)
	subl	$28, %esp		// esp is a multiple of 16
	.cfi_def_cfa_offset 32
	movl	32(%esp), %eax
	movl	%eax, (%esp)
	movl	36(%esp), %eax
	movl	%eax, 4(%esp)
	movl	40(%esp), %eax
	movl	%eax, 8(%esp)
	call	rcgo__signal_chain_inspect	// (sig, info, context) -> Go's handler
	addl	$28, %esp
	.cfi_def_cfa_offset 4
	jmp	*%eax
RCGO_ASM_END(rcgo__signal_chain_entry)

RCGO_ASM_FILE_END
