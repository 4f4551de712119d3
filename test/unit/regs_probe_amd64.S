// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code that no compiler can write. See test_crosscall1.c and test_interpose.c.

#include "regs_probe.h"

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[])
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

#define ALL16 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
#define HIGH16 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
#define ALL32 ALL16, HIGH16

// void unit_probe_wide(const void *before, void *after, int width, int pid, int sig): see
// test_interpose.c. The signal is sent by a system call, so nothing runs between but the handler.
BEGIN(unit_probe_wide)
	movq	%rsi, %r9
	movq	%rdi, %rax
	cmpl	$1, %edx
	ja	2f
	je	1f
	.irp n, ALL16
	movups	\n*16(%rax), %xmm\n
	.endr
	jmp	3f
1:
	.irp n, ALL16
	vmovups	\n*32(%rax), %ymm\n
	.endr
	jmp	3f
2:
	.irp n, ALL32
	vmovups	\n*64(%rax), %zmm\n
	.endr
3:	movl	%edx, %r10d
	movl	%ecx, %edi
	movl	%r8d, %esi
	movl	$62, %eax		// SYS_kill
	syscall				// takes rcx and r11
	cmpl	$1, %r10d
	ja	2f
	je	1f
	.irp n, ALL16
	movups	%xmm\n, \n*16(%r9)
	.endr
	ret
1:
	.irp n, ALL16
	vmovups	%ymm\n, \n*32(%r9)
	.endr
	vzeroupper
	ret
2:
	.irp n, ALL32
	vmovups	%zmm\n, \n*64(%r9)
	.endr
	vzeroupper
	ret
END(unit_probe_wide)

// void unit_probe_wide_clear(int width)
BEGIN(unit_probe_wide_clear)
	testl	%edi, %edi
	jne	1f
	.irp n, ALL16
	xorps	%xmm\n, %xmm\n
	.endr
	ret
1:	vzeroall
	cmpl	$2, %edi
	jne	2f
	.irp n, HIGH16
	vpxorq	%zmm\n, %zmm\n, %zmm\n
	.endr
2:	ret
END(unit_probe_wide_clear)

PROBE_WORDS(8)
