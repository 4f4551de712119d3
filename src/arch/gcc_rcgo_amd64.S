// SPDX-License-Identifier: BSD-3-Clause
// Arch: a new thread enters Go. Runs on the thread's own stack.
// Re-read runtime/cgo/gcc_amd64.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   rdi  fn     kept in rbx over the first call
//   rsi  setg
//   rdx  g
//
// Go's code keeps no register, C's ABI wants rbx, rbp and r12-r15 back. A frame pointer is set up
// so that profilers that follow it see where the thread began.

#include "rcgo_asm.h"

RCGO_ASM_BEGIN(rcgo__crosscall1)
	endbr64
	pushq	%rbp
	.cfi_def_cfa_offset 16
	.cfi_offset %rbp, -16
	movq	%rsp, %rbp
	.cfi_def_cfa_register %rbp
	pushq	%rbx
	.cfi_offset %rbx, -24
	pushq	%r12
	.cfi_offset %r12, -32
	pushq	%r13
	.cfi_offset %r13, -40
	pushq	%r14
	.cfi_offset %r14, -48
	pushq	%r15
	.cfi_offset %r15, -56
	subq	$8, %rsp		// rsp is a multiple of 16 at each call

	movq	%rdi, %rbx
	movq	%rdx, %rdi
	call	*%rsi			// setg(g)
	call	*%rbx			// fn()

	addq	$8, %rsp
	popq	%r15
	.cfi_restore %r15
	popq	%r14
	.cfi_restore %r14
	popq	%r13
	.cfi_restore %r13
	popq	%r12
	.cfi_restore %r12
	popq	%rbx
	.cfi_restore %rbx
	popq	%rbp
	.cfi_restore %rbp
	.cfi_def_cfa %rsp, 8
	ret
RCGO_ASM_END(rcgo__crosscall1)

// Returns from a signal handler that was installed without libc: never called. Unwinders know it
// by these very bytes and by having no unwind information; they look at the byte before it too.
	.text
	.balign 16
	nop
	.globl rcgo__sigreturn
	.hidden rcgo__sigreturn
	.type rcgo__sigreturn, %function
rcgo__sigreturn:
	movq	$15, %rax		// SYS_rt_sigreturn
	syscall
	.size rcgo__sigreturn, . - rcgo__sigreturn

RCGO_ASM_FILE_END
