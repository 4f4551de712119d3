// SPDX-License-Identifier: BSD-3-Clause
// Macros for all assembly files: begin and end of a hidden function, with unwind information, and
// the signal restorer.
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

// Defines the restorer of handlers that are installed without libc, from its instructions. The
// kernel makes handlers return there; on CPUs where it has a restorer of its own, ours exists so
// that all CPUs can use the same C source. It is never called. Unwinders recognise it by exactly
// its bytes and by the lack of unwind information. They also read the byte before it.
#define RCGO_ASM_SIGRETURN(...) \
	.text; \
	.balign 16; \
	nop; \
	.globl rcgo__sigreturn; \
	.hidden rcgo__sigreturn; \
	.type rcgo__sigreturn, %function; \
	rcgo__sigreturn: \
	__VA_ARGS__; \
	.size rcgo__sigreturn, . - rcgo__sigreturn

// Marks the stack as not executable.
#define RCGO_ASM_FILE_END .section .note.GNU-stack, "", %progbits
// clang-format on

#endif // RCGO_ASM_MACROS_H
