// SPDX-License-Identifier: BSD-3-Clause
// The registers from which unwinding can start, on arm64.
#ifndef RCGO_SAVED_REGS_ARM64_H
#define RCGO_SAVED_REGS_ARM64_H

#define RCGO_REGS_KEPT 11 // x19 to x28, and the current x30

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#define RCGO_REGS_CAPTURE(regs)               \
	__asm__("adr x9, 1f\n"                \
		"1:\tmov x10, sp\n"           \
		"\tstp x9, x10, [%0]\n"       \
		"\tstp x29, x19, [%0, #16]\n" \
		"\tstp x20, x21, [%0, #32]\n" \
		"\tstp x22, x23, [%0, #48]\n" \
		"\tstp x24, x25, [%0, #64]\n" \
		"\tstp x26, x27, [%0, #80]\n" \
		"\tstp x28, x30, [%0, #96]\n" \
		:                             \
		: "r"(regs)                   \
		: "x9", "x10", "memory")

#endif // RCGO_SAVED_REGS_ARM64_H
