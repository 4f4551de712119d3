// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on riscv64: the psABI's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes.
#ifndef RCGO_ARCH_RISCV64_H
#define RCGO_ARCH_RISCV64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "compat.h"

// DWARF registers: x0-x31.
#define RCGO_ELF_MACHINE 243 // EM_RISCV
#define RCGO_DW_REGS 32
#define RCGO_DW_FP 8
#define RCGO_DW_SP 2
// A call puts the return address into ra. In a function that makes no calls it stays there.
#define RCGO_DW_LR 1
#define RCGO_HAS_LR 1
#define RCGO_DW_PC 0xffff // the pc has no DWARF number
#define RCGO_PC_ALIGN 2

// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
// clang-format off
#define RCGO_DW_KEPT                                             \
	{                                                        \
		9, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 1     \
	}

// The offset of each DWARF register in a ucontext_t. x0 is always 0; where it would be, the pc is.
#ifdef __FreeBSD__
#define RCGO_UC_X(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.mc_gpregs.RCGO_GP_##i)
#define RCGO_GP_0 gp_sepc
#define RCGO_GP_1 gp_ra
#define RCGO_GP_2 gp_sp
#define RCGO_GP_3 gp_gp
#define RCGO_GP_4 gp_tp
#define RCGO_GP_5 gp_t[0]
#define RCGO_GP_6 gp_t[1]
#define RCGO_GP_7 gp_t[2]
#define RCGO_GP_8 gp_s[0]
#define RCGO_GP_9 gp_s[1]
#define RCGO_GP_10 gp_a[0]
#define RCGO_GP_11 gp_a[1]
#define RCGO_GP_12 gp_a[2]
#define RCGO_GP_13 gp_a[3]
#define RCGO_GP_14 gp_a[4]
#define RCGO_GP_15 gp_a[5]
#define RCGO_GP_16 gp_a[6]
#define RCGO_GP_17 gp_a[7]
#define RCGO_GP_18 gp_s[2]
#define RCGO_GP_19 gp_s[3]
#define RCGO_GP_20 gp_s[4]
#define RCGO_GP_21 gp_s[5]
#define RCGO_GP_22 gp_s[6]
#define RCGO_GP_23 gp_s[7]
#define RCGO_GP_24 gp_s[8]
#define RCGO_GP_25 gp_s[9]
#define RCGO_GP_26 gp_s[10]
#define RCGO_GP_27 gp_s[11]
#define RCGO_GP_28 gp_t[3]
#define RCGO_GP_29 gp_t[4]
#define RCGO_GP_30 gp_t[5]
#define RCGO_GP_31 gp_t[6]
#else
#define RCGO_UC_X(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.__gregs[i])
#endif
#define RCGO_UC_REGS                                                                       \
	{                                                                                  \
		RCGO_UC_X(0), RCGO_UC_X(1), RCGO_UC_X(2), RCGO_UC_X(3), \
		RCGO_UC_X(4), RCGO_UC_X(5), RCGO_UC_X(6), RCGO_UC_X(7), \
		RCGO_UC_X(8), RCGO_UC_X(9), RCGO_UC_X(10), RCGO_UC_X(11), \
		RCGO_UC_X(12), RCGO_UC_X(13), RCGO_UC_X(14), RCGO_UC_X(15), \
		RCGO_UC_X(16), RCGO_UC_X(17), RCGO_UC_X(18), RCGO_UC_X(19), \
		RCGO_UC_X(20), RCGO_UC_X(21), RCGO_UC_X(22), RCGO_UC_X(23), \
		RCGO_UC_X(24), RCGO_UC_X(25), RCGO_UC_X(26), RCGO_UC_X(27), \
		RCGO_UC_X(28), RCGO_UC_X(29), RCGO_UC_X(30), RCGO_UC_X(31), \
	}
// clang-format on
#define RCGO_UC_PC RCGO_UC_X(0)
#define RCGO_UC_SP RCGO_UC_X(2)
#define RCGO_UC_FP RCGO_UC_X(8)
#define RCGO_UC_LR RCGO_UC_X(1)

// After a signal handler has returned to its restorer, a siginfo_t starts at the stack pointer: of
// 128 bytes on Linux, of 80 on FreeBSD. The ucontext_t follows it.
#ifdef __FreeBSD__
#	define RCGO_SIGFRAME_UC 80
#else
#	define RCGO_SIGFRAME_UC 128
#endif

// A signal restorer: on Linux li a7, 139 (rt_sigreturn); ecall. On FreeBSD c.mv a0, sp; addi a0,
// a0, 80, which is what follows the handler in the kernel's trampoline.
#ifdef __FreeBSD__
#	define RCGO_SIGRETURN_SIZE 6
#	define RCGO_SIGRETURN_CODE 0x0a, 0x85, 0x13, 0x05, 0x05, 0x05
#else
#	define RCGO_SIGRETURN_SIZE 8
#	define RCGO_SIGRETURN_CODE 0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00
#endif

#define RCGO_CALL_SIZE 4

// Reports whether the instruction before an address is a call: jal ra, jalr ra, or c.jalr.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	uint32_t insn = rcgo__arch_u32(before);

	return (insn & 0xfff) == 0x0ef || (insn & 0x7fff) == 0x00e7 ||
	       ((insn >> 16 & 0xf07f) == 0x9002 && (insn >> 16 & 0x0f80) != 0);
}

// Stores the target of the call that ends at ra. Returns false if the call is not a jal.
static inline bool
rcgo__arch_call_target(const uint8_t before[RCGO_CALL_SIZE], uintptr_t ra, uintptr_t *target)
{
	uint32_t insn = rcgo__arch_u32(before);
	uint32_t offset = (insn >> 21 & 0x3ff) << 1 | (insn >> 20 & 1) << 11 | (insn & 0xff000) |
			  (insn >> 31) << 20;
	int32_t bytes = (int32_t)(offset << 11) >> 11;

	*target = ra - 4 + (uintptr_t)(intptr_t)bytes;
	return (insn & 0xfff) == 0x0ef;
}

#define RCGO_STUB_SIZE_MAX 8

// Reports whether the code at an address is a PLT stub: auipc t3, ld t3 [t3, offset]. Stores the
// address of the word that holds the jump target.
static inline bool
rcgo__arch_plt_stub(const uint8_t code[RCGO_STUB_SIZE_MAX], uintptr_t at, uintptr_t *word)
{
	uint32_t high = rcgo__arch_u32(code), load = rcgo__arch_u32(code + 4);

	*word = at + (uintptr_t)(intptr_t)(int32_t)(high & 0xfffff000) +
		(uintptr_t)(intptr_t)((int32_t)load >> 20);
	return (high & 0xfff) == 0xe17 && (load & 0xfffff) == 0xe3e03;
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
#define RCGO_REGS_KEPT 12 // s1 to s11, and the current ra

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#define RCGO_REGS_CAPTURE(regs)       \
	__asm__("lla t0, 1f\n"        \
		"1:\tsd t0, 0(%0)\n"  \
		"\tsd sp, 8(%0)\n"    \
		"\tsd s0, 16(%0)\n"   \
		"\tsd s1, 24(%0)\n"   \
		"\tsd s2, 32(%0)\n"   \
		"\tsd s3, 40(%0)\n"   \
		"\tsd s4, 48(%0)\n"   \
		"\tsd s5, 56(%0)\n"   \
		"\tsd s6, 64(%0)\n"   \
		"\tsd s7, 72(%0)\n"   \
		"\tsd s8, 80(%0)\n"   \
		"\tsd s9, 88(%0)\n"   \
		"\tsd s10, 96(%0)\n"  \
		"\tsd s11, 104(%0)\n" \
		"\tsd ra, 112(%0)\n"  \
		:                     \
		: "r"(regs)           \
		: "t0", "memory")

#endif // RCGO_ARCH_RISCV64_H
