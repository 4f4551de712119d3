// SPDX-License-Identifier: BSD-3-Clause
// Macros for all assembly files: begin and end of a hidden function, with unwind information.
#ifndef RCGO_ASM_MACROS_H
#define RCGO_ASM_MACROS_H

// The macros contain assembler syntax, which a C formatter would break.
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

// Marks the stack as not executable.
#define RCGO_ASM_FILE_END .section .note.GNU-stack, "", %progbits
// clang-format on

#endif // RCGO_ASM_MACROS_H
