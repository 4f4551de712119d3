// SPDX-License-Identifier: BSD-3-Clause
// Arch: a new thread enters Go. Runs on the thread's own stack.
// Re-read runtime/cgo/gcc_arm64.S.
//
// void rcgo__crosscall1(void (*fn)(void), void (*setg)(void *), void *g)
//
//   x0  fn     kept in x19 over the first call
//   x1  setg
//   x2  g
//
// Go's code keeps no register, C's ABI wants x19-x29 and the low halves of v8-v15 back.

#include "rcgo_asm.h"

RCGO_ASM_BEGIN(rcgo__crosscall1)
	hint	#34			// bti c
	stp	x29, x30, [sp, #-160]!
	.cfi_def_cfa_offset 160
	.cfi_offset x29, -160
	.cfi_offset x30, -152
	mov	x29, sp
	.cfi_def_cfa_register x29
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
	.cfi_def_cfa sp, 0
	ret
RCGO_ASM_END(rcgo__crosscall1)

// Returns from a signal handler that was installed without libc: never called. Linux gives its own
// where there is none, so that this is for one C source on all CPUs.
	.balign 16
	nop
	.globl rcgo__sigreturn
	.hidden rcgo__sigreturn
	.type rcgo__sigreturn, %function
rcgo__sigreturn:
	mov	x8, #139		// SYS_rt_sigreturn
	svc	#0
	.size rcgo__sigreturn, . - rcgo__sigreturn

RCGO_ASM_FILE_END
