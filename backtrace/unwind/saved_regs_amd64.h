// SPDX-License-Identifier: BSD-3-Clause
// The registers from which unwinding can start, on amd64.
#ifndef RCGO_SAVED_REGS_AMD64_H
#define RCGO_SAVED_REGS_AMD64_H

#define RCGO_REGS_KEPT 5 // rbx, r12, r13, r14, r15

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#define RCGO_REGS_CAPTURE(regs)           \
	__asm__("leaq 1f(%%rip), %%rax\n" \
		"1:\tmovq %%rax, 0(%0)\n" \
		"\tmovq %%rsp, 8(%0)\n"   \
		"\tmovq %%rbp, 16(%0)\n"  \
		"\tmovq %%rbx, 24(%0)\n"  \
		"\tmovq %%r12, 32(%0)\n"  \
		"\tmovq %%r13, 40(%0)\n"  \
		"\tmovq %%r14, 48(%0)\n"  \
		"\tmovq %%r15, 56(%0)\n"  \
		:                         \
		: "r"(regs)               \
		: "rax", "memory")

#endif // RCGO_SAVED_REGS_AMD64_H
