// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on arm64: the AAPCS's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes.
#ifndef RCGO_ARCH_ARM64_H
#define RCGO_ARCH_ARM64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "compat.h"

// DWARF registers: x0-x30, sp.
#define RCGO_ELF_MACHINE 183 // EM_AARCH64
#define RCGO_DW_REGS 32
#define RCGO_DW_FP 29
#define RCGO_DW_SP 31
// A call puts the return address into x30. In a function that makes no calls it stays there.
#define RCGO_DW_LR 30
#define RCGO_HAS_LR 1
#define RCGO_DW_PC 0xffff // the pc has no DWARF number
#define RCGO_PC_ALIGN 4

// Versions of clang-format disagree on how to format these macros.
// clang-format off
// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
#define RCGO_DW_KEPT                                       \
	{                                                  \
		19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 30 \
	}

// The offset of each DWARF register in a ucontext_t.
#ifdef __FreeBSD__
#define RCGO_UC_X(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_x[i])
#define RCGO_UC_X30 (uint16_t) offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_lr)
#else
#define RCGO_UC_X(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.regs[i])
#define RCGO_UC_X30 RCGO_UC_X(30)
#endif
#define RCGO_UC_REGS                                                                               \
	{                                                                                          \
		RCGO_UC_X(0), RCGO_UC_X(1), RCGO_UC_X(2), RCGO_UC_X(3), RCGO_UC_X(4),              \
			RCGO_UC_X(5), RCGO_UC_X(6), RCGO_UC_X(7), RCGO_UC_X(8), RCGO_UC_X(9),      \
			RCGO_UC_X(10), RCGO_UC_X(11), RCGO_UC_X(12), RCGO_UC_X(13), RCGO_UC_X(14), \
			RCGO_UC_X(15), RCGO_UC_X(16), RCGO_UC_X(17), RCGO_UC_X(18), RCGO_UC_X(19), \
			RCGO_UC_X(20), RCGO_UC_X(21), RCGO_UC_X(22), RCGO_UC_X(23), RCGO_UC_X(24), \
			RCGO_UC_X(25), RCGO_UC_X(26), RCGO_UC_X(27), RCGO_UC_X(28), RCGO_UC_X(29), \
			RCGO_UC_X30, RCGO_UC_SP                                                    \
	}
// clang-format on
#ifdef __FreeBSD__
#	define RCGO_UC_PC ((uint16_t)offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_elr))
#	define RCGO_UC_SP ((uint16_t)offsetof(ucontext_t, uc_mcontext.mc_gpregs.gp_sp))
#else
#	define RCGO_UC_PC ((uint16_t)offsetof(ucontext_t, uc_mcontext.pc))
#	define RCGO_UC_SP ((uint16_t)offsetof(ucontext_t, uc_mcontext.sp))
#endif
#define RCGO_UC_FP RCGO_UC_X(29)
#define RCGO_UC_LR RCGO_UC_X30
// clang-format on

// After a signal handler has returned to its restorer, a siginfo_t starts at the stack pointer: of
// 128 bytes on Linux, of 80 on FreeBSD. The ucontext_t follows it.
#ifdef __FreeBSD__
#	define RCGO_SIGFRAME_UC 80
#else
#	define RCGO_SIGFRAME_UC 128
#endif
#define RCGO_SIGRETURN_SIZE 8

// A signal restorer: on Linux mov x8, #139 (rt_sigreturn); svc #0. On FreeBSD mov x0, sp; add x0,
// x0, #80, which is what follows the handler in the kernel's trampoline.
#ifdef __FreeBSD__
#	define RCGO_SIGRETURN_CODE 0xe0, 0x03, 0x00, 0x91, 0x00, 0x40, 0x01, 0x91
#else
#	define RCGO_SIGRETURN_CODE 0x68, 0x11, 0x80, 0xd2, 0x01, 0, 0, 0xd4
#endif

#define RCGO_CALL_SIZE 4

// Reports whether the instruction before an address is a call: bl, blr, or blr with authentication.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	uint32_t insn = rcgo__arch_u32(before);

	return (insn & 0xfc000000) == 0x94000000 || (insn & 0xfefff000) == 0xd63f0000;
}

// Stores the target of the call that ends at ra. Returns false if the call is not a bl.
static inline bool
rcgo__arch_call_target(const uint8_t before[RCGO_CALL_SIZE], uintptr_t ra, uintptr_t *target)
{
	uint32_t insn = rcgo__arch_u32(before);
	int32_t words = (int32_t)(insn << 6) >> 6;

	*target = ra - 4 + (uintptr_t)((intptr_t)words * 4);
	return (insn & 0xfc000000) == 0x94000000;
}

#define RCGO_STUB_SIZE_MAX 12

// Reports whether the code at an address is a PLT stub: bti c, adrp x16, ldr x17 [x16, offset].
// Stores the address of the word that holds the jump target.
static inline bool
rcgo__arch_plt_stub(const uint8_t code[RCGO_STUB_SIZE_MAX], uintptr_t at, uintptr_t *word)
{
	uint32_t insn[3];
	unsigned i;
	int32_t pages;

	for (i = 0; i < 3; i++) {
		insn[i] = rcgo__arch_u32(code + i * sizeof *insn);
	}
	i = insn[0] == 0xd503245f;
	pages = (int32_t)((insn[i] >> 29 & 3) | (insn[i] >> 5 & 0x7ffff) << 2);
	pages = (int32_t)((uint32_t)pages << 11) >> 11;
	*word = ((at + i * sizeof *insn) & ~(uintptr_t)0xfff) +
		(uintptr_t)((intptr_t)pages * 4096) + (insn[i + 1] >> 10 & 0xfff) * 8;
	return (insn[i] & 0x9f00001f) == 0x90000010 && (insn[i + 1] & 0xffc003ff) == 0xf9400211;
}

// Reports whether the signal was raised because the instruction at the program counter cannot be
// fetched.
#ifdef __FreeBSD__ // the context does not have the address that faulted
#	define RCGO_UC_FETCH_FAILED(uc) ((void)(uc), false)
#else
#	define RCGO_UC_FETCH_FAILED(uc) ((uc)->uc_mcontext.fault_address == (uc)->uc_mcontext.pc)
#endif

// Returns the code address of a return address. With pointer authentication the upper bits hold a
// signature. xpaclri removes it from x30, and does nothing on processors without authentication.
#ifdef __aarch64__
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	register uintptr_t x30 __asm__("x30") = ra;

	__asm__("hint #7" : "+r"(x30));
	return x30;
}
#else // another processor reads a core file: addresses of programs have 48 bits
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra & (((uintptr_t)1 << 48) - 1);
}
#endif

// The registers from which unwinding can start without a signal (saved_regs.h).
#define RCGO_REGS_KEPT 11 // x19 to x28, and the current x30

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#ifdef __aarch64__
#	define RCGO_REGS_CAPTURE(regs)               \
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
#else
#	define RCGO_REGS_CAPTURE(regs) ((void)(regs))
#endif

#endif // RCGO_ARCH_ARM64_H
