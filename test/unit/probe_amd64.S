// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code around rcgo__crosscall1 that no compiler can write. See test_crosscall1.c.

#define BEGIN(name) .text; .globl name; .type name, %function; name: .cfi_startproc
#define END(name) .cfi_endproc; .size name, . - name

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uint64_t kept[])
// Calls rcgo__crosscall1 with 0x1111… in rbx, 0x2222… in rbp and so on (r12-r15), and stores what
// they hold when it has returned. The last word: how far the stack pointer is off.
BEGIN(unit_probe_call)
	pushq	%rbp
	pushq	%rbx
	pushq	%r12
	pushq	%r13
	pushq	%r14
	pushq	%r15
	pushq	%rcx
	.cfi_adjust_cfa_offset 56
	movq	%rsp, unit_probe_sp(%rip)
	movabsq	$0x1111111111111111, %rbx
	movabsq	$0x2222222222222222, %rbp
	movabsq	$0x3333333333333333, %r12
	movabsq	$0x4444444444444444, %r13
	movabsq	$0x5555555555555555, %r14
	movabsq	$0x6666666666666666, %r15
	call	rcgo__crosscall1
	movq	%rsp, %rdx
	movq	unit_probe_sp(%rip), %rsp
	subq	%rsp, %rdx
	popq	%rcx
	movq	%rbx, 0(%rcx)
	movq	%rbp, 8(%rcx)
	movq	%r12, 16(%rcx)
	movq	%r13, 24(%rcx)
	movq	%r14, 32(%rcx)
	movq	%r15, 40(%rcx)
	movq	%rdx, 48(%rcx)
	popq	%r15
	popq	%r14
	popq	%r13
	popq	%r12
	popq	%rbx
	popq	%rbp
	.cfi_adjust_cfa_offset -56
	ret
END(unit_probe_call)

// Go's setg: keeps what C keeps, and nothing else.
BEGIN(unit_probe_setg)
	movq	%rdi, unit_probe_g(%rip)
	leaq	8(%rsp), %rax
	movq	%rax, unit_probe_setg_sp(%rip)
	movq	$-1, %rax
	movq	%rax, %rcx
	movq	%rax, %rdx
	movq	%rax, %rsi
	movq	%rax, %rdi
	movq	%rax, %r8
	movq	%rax, %r9
	movq	%rax, %r10
	movq	%rax, %r11
	ret
END(unit_probe_setg)

// Go's mstart: keeps nothing.
BEGIN(unit_probe_fn)
	leaq	8(%rsp), %rax
	movq	%rax, unit_probe_fn_sp(%rip)
	movq	$-1, %rax
	movq	%rax, %rbx
	movq	%rax, %rbp
	movq	%rax, %rcx
	movq	%rax, %rdx
	movq	%rax, %rsi
	movq	%rax, %rdi
	movq	%rax, %r8
	movq	%rax, %r9
	movq	%rax, %r10
	movq	%rax, %r11
	movq	%rax, %r12
	movq	%rax, %r13
	movq	%rax, %r14
	movq	%rax, %r15
	ret
END(unit_probe_fn)

	.local unit_probe_sp
	.comm unit_probe_sp, 8, 8
	.globl unit_probe_g, unit_probe_setg_sp, unit_probe_fn_sp
	.comm unit_probe_g, 8, 8
	.comm unit_probe_setg_sp, 8, 8
	.comm unit_probe_fn_sp, 8, 8

	.section .note.GNU-stack, "", %progbits
