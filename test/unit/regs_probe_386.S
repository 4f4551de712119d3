// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: code that no compiler can write. See test_crosscall1.c.

#include "regs_probe.h"

// void unit_probe_call(void (*fn)(void), void (*setg)(void *), void *g, uintptr_t kept[])
// Calls rcgo__crosscall1 with 0x1111… in ebx, 0x2222… in ebp and so on (esi, edi), and stores what
// they hold when it has returned. The last word: how far the stack pointer is off.
BEGIN(unit_probe_call)
	pushl	%ebp
	pushl	%ebx
	pushl	%esi
	pushl	%edi
	.cfi_adjust_cfa_offset 16
	subl	$12, %esp
	.cfi_adjust_cfa_offset 12
	movl	32(%esp), %eax
	movl	%eax, (%esp)
	movl	36(%esp), %eax
	movl	%eax, 4(%esp)
	movl	40(%esp), %eax
	movl	%eax, 8(%esp)
	movl	%esp, unit_probe_sp
	movl	$0x11111111, %ebx
	movl	$0x22222222, %ebp
	movl	$0x33333333, %esi
	movl	$0x44444444, %edi
	call	rcgo__crosscall1
	movl	%esp, %edx
	movl	unit_probe_sp, %esp
	subl	%esp, %edx
	movl	44(%esp), %ecx
	movl	%ebx, 0(%ecx)
	movl	%ebp, 4(%ecx)
	movl	%esi, 8(%ecx)
	movl	%edi, 12(%ecx)
	movl	%edx, 16(%ecx)
	addl	$12, %esp
	.cfi_adjust_cfa_offset -12
	popl	%edi
	popl	%esi
	popl	%ebx
	popl	%ebp
	.cfi_adjust_cfa_offset -16
	ret
END(unit_probe_call)

// Go's setg: keeps what C keeps, and nothing else.
BEGIN(unit_probe_setg)
	movl	4(%esp), %eax
	movl	%eax, unit_probe_g
	leal	4(%esp), %eax
	movl	%eax, unit_probe_setg_sp
	movl	$-1, %eax
	movl	%eax, %ecx
	movl	%eax, %edx
	ret
END(unit_probe_setg)

// Go's mstart: keeps nothing.
BEGIN(unit_probe_fn)
	leal	4(%esp), %eax
	movl	%eax, unit_probe_fn_sp
	movl	$-1, %eax
	movl	%eax, %ebx
	movl	%eax, %ebp
	movl	%eax, %ecx
	movl	%eax, %edx
	movl	%eax, %esi
	movl	%eax, %edi
	ret
END(unit_probe_fn)

PROBE_WORDS(4)
