// SPDX-License-Identifier: BSD-3-Clause
// Arch: what every assembly file needs: the bounds of a hidden function, with unwind information.
#ifndef RCGO_ASM_MACROS_H
#define RCGO_ASM_MACROS_H

// The words below are the assembler's, which a formatter for C would take apart.
// clang-format off
#define RCGO_ASM_BEGIN(name) \
	.text; \
	.balign 16; \
	.globl name; \
	.hidden name; \
	.type name, %function; \
	name: \
	.cfi_startproc

#define RCGO_ASM_END(name) \
	.cfi_endproc; \
	.size name, . - name

// The stack stays without execute permission.
#define RCGO_ASM_FILE_END .section .note.GNU-stack, "", %progbits
// clang-format on

#endif // RCGO_ASM_MACROS_H
