// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on s390x: the ABI's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes. Contract: ELF Application Binary Interface s390x
// Supplement 1.6.
#ifndef RCGO_ARCH_S390X_H
#define RCGO_ARCH_S390X_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "compat.h"

// DWARF registers: r0-r15, then f0-f15 in an order of their own. A function that makes no calls may
// keep its caller's r6-r15 in floating-point registers.
#define RCGO_ELF_MACHINE 22 // EM_S390
#define RCGO_DW_REGS 32
// Compilers use r11 as frame pointer, but it leads to no chain of frames.
#define RCGO_DW_FP 11
#define RCGO_DW_SP 15
// A call puts the return address into r14. In a function that makes no calls it stays there.
#define RCGO_DW_LR 14
#define RCGO_HAS_LR 1
#define RCGO_DW_PC 0xffff // the pc has no DWARF number
#define RCGO_PC_ALIGN 2

// A CFA lies above the 160 bytes that a caller leaves for its callee.
#define RCGO_SP_OF_CFA(cfa) ((cfa)-160)

// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
// clang-format off
#define RCGO_DW_KEPT                    \
	{                               \
		6, 7, 8, 9, 10, 12, 13, 14 \
	}

// The offset of each DWARF register in a ucontext_t.
#define RCGO_UC_R(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.gregs[i])
#define RCGO_UC_F(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.fpregs.fprs[i])
#define RCGO_UC_REGS \
	{                                                                   \
		RCGO_UC_R(0), RCGO_UC_R(1), RCGO_UC_R(2), RCGO_UC_R(3),             \
		RCGO_UC_R(4), RCGO_UC_R(5), RCGO_UC_R(6), RCGO_UC_R(7),             \
		RCGO_UC_R(8), RCGO_UC_R(9), RCGO_UC_R(10), RCGO_UC_R(11),           \
		RCGO_UC_R(12), RCGO_UC_R(13), RCGO_UC_R(14), RCGO_UC_R(15),         \
		RCGO_UC_F(0), RCGO_UC_F(2), RCGO_UC_F(4), RCGO_UC_F(6),             \
		RCGO_UC_F(1), RCGO_UC_F(3), RCGO_UC_F(5), RCGO_UC_F(7),             \
		RCGO_UC_F(8), RCGO_UC_F(10), RCGO_UC_F(12), RCGO_UC_F(14),          \
		RCGO_UC_F(9), RCGO_UC_F(11), RCGO_UC_F(13), RCGO_UC_F(15),          \
	}
// clang-format on
#define RCGO_UC_PC (uint16_t) offsetof(ucontext_t, uc_mcontext.psw.addr)
#define RCGO_UC_SP RCGO_UC_R(15)
#define RCGO_UC_FP RCGO_UC_R(11)
#define RCGO_UC_LR RCGO_UC_R(14)

// After a signal handler has returned to its restorer, the 160 bytes that the kernel left for the
// handler start at the stack pointer. 8 bytes with an instruction, a siginfo_t of 128 bytes and the
// ucontext_t follow.
#define RCGO_SIGFRAME_UC (160 + 8 + 128)
#define RCGO_SIGRETURN_SIZE 2

// A signal restorer: svc 173 (rt_sigreturn).
#define RCGO_SIGRETURN_CODE 0x0a, 0xad

#define RCGO_CALL_SIZE 6

// Reports whether the instruction before an address is a call: brasl, bras or basr, with r14.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	return (before[0] == 0xc0 && before[1] == 0xe5) ||
	       (before[2] == 0xa7 && before[3] == 0xe5) ||
	       (before[4] == 0x0d && (before[5] & 0xf0) == 0xe0 && before[5] != 0xe0);
}

// Returns a signed number of halfwords as a number of bytes.
static inline uintptr_t
rcgo__arch_halfwords(const uint8_t at[4])
{
	int32_t n = (int32_t)rcgo__arch_number(at, 4);

	return (uintptr_t)((intptr_t)n * 2);
}

// Stores the target of the call that ends at ra. Returns false if the call is not a brasl.
static inline bool
rcgo__arch_call_target(const uint8_t before[RCGO_CALL_SIZE], uintptr_t ra, uintptr_t *target)
{
	*target = ra - 6 + rcgo__arch_halfwords(before + 2);
	return before[0] == 0xc0 && before[1] == 0xe5;
}

#define RCGO_STUB_SIZE_MAX 14

// Reports whether the code at an address is a PLT stub: larl r1, word; lg r1, 0(r1); br r1. Stores
// the address of the word that holds the jump target.
static inline bool
rcgo__arch_plt_stub(const uint8_t code[RCGO_STUB_SIZE_MAX], uintptr_t at, uintptr_t *word)
{
	static const uint8_t rest[] = {0xe3, 0x10, 0x10, 0, 0, 0x04, 0x07, 0xf1};

	*word = at + rcgo__arch_halfwords(code + 2);
	return code[0] == 0xc0 && code[1] == 0x10 && rcgo__arch_same(code + 6, rest, sizeof rest);
}

// Reports whether the signal was raised because the instruction at the program counter cannot be
// fetched. The context does not have the address that faulted.
#define RCGO_UC_FETCH_FAILED(uc) ((void)(uc), false)

// Returns the code address of a return address.
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra;
}

// The registers from which unwinding can start without a signal (saved_regs.h).
#define RCGO_REGS_KEPT 8 // r6 to r10, r12, r13, and the current r14

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#define RCGO_REGS_CAPTURE(regs)                 \
	__asm__("larl %%r1, 1f\n"               \
		"1:\tstg %%r1, 0(%0)\n"         \
		"\tstg %%r15, 8(%0)\n"          \
		"\tstg %%r11, 16(%0)\n"         \
		"\tstmg %%r6, %%r10, 24(%0)\n"  \
		"\tstmg %%r12, %%r14, 64(%0)\n" \
		:                               \
		: "a"(regs)                     \
		: "r1", "memory")

#endif // RCGO_ARCH_S390X_H
