// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on arm: the AAPCS's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes. Compilers describe frames for exceptions in
// .ARM.exidx, which this unwinder does not read. It uses the .debug_frame of what was compiled with
// -g, such as cgo's C code, and heuristics.
#ifndef RCGO_ARCH_ARM_H
#define RCGO_ARCH_ARM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "compat.h"

// DWARF registers: r0-r15. In Thumb state r7 is the frame pointer, here one register of many.
#define RCGO_ELF_MACHINE 40 // EM_ARM
#define RCGO_DW_REGS 16
#define RCGO_DW_FP 11
#define RCGO_DW_SP 13
// A call puts the return address into lr. In a function that makes no calls it stays there.
#define RCGO_DW_LR 14
#define RCGO_HAS_LR 1
#define RCGO_DW_PC 15
#define RCGO_PC_ALIGN 2

// clang-format off
// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
#define RCGO_DW_KEPT                    \
	{                               \
		4, 5, 6, 7, 8, 9, 10, 14 \
	}

// The offset of each DWARF register in a ucontext_t.
#ifdef __FreeBSD__
#define RCGO_UC_R(i) (uint16_t) offsetof(ucontext_t, uc_mcontext.__gregs[i])
#define RCGO_UC_R11 RCGO_UC_R(11)
#define RCGO_UC_R13 RCGO_UC_R(13)
#define RCGO_UC_R14 RCGO_UC_R(14)
#define RCGO_UC_R15 RCGO_UC_R(15)
#else
#define RCGO_UC_R(i) \
	(uint16_t) (offsetof(ucontext_t, uc_mcontext.arm_r0) + (i) * sizeof(unsigned long))
#define RCGO_UC_R11 (uint16_t) offsetof(ucontext_t, uc_mcontext.arm_fp)
#define RCGO_UC_R13 (uint16_t) offsetof(ucontext_t, uc_mcontext.arm_sp)
#define RCGO_UC_R14 (uint16_t) offsetof(ucontext_t, uc_mcontext.arm_lr)
#define RCGO_UC_R15 (uint16_t) offsetof(ucontext_t, uc_mcontext.arm_pc)
#endif
#define RCGO_UC_REGS                                                                \
	{                                                                           \
		RCGO_UC_R(0), RCGO_UC_R(1), RCGO_UC_R(2), RCGO_UC_R(3),             \
		RCGO_UC_R(4), RCGO_UC_R(5), RCGO_UC_R(6), RCGO_UC_R(7),             \
		RCGO_UC_R(8), RCGO_UC_R(9), RCGO_UC_R(10), RCGO_UC_R11,             \
		RCGO_UC_R(12), RCGO_UC_R13, RCGO_UC_R14, RCGO_UC_R15                \
	}
// clang-format on
#define RCGO_UC_PC RCGO_UC_R15
#define RCGO_UC_SP RCGO_UC_R13
#define RCGO_UC_FP RCGO_UC_R11
#define RCGO_UC_LR RCGO_UC_R14

// After a signal handler has returned to its restorer, a siginfo_t starts at the stack pointer: of
// 128 bytes on Linux, of 64 on FreeBSD. The ucontext_t follows it.
#ifdef __FreeBSD__
#	define RCGO_SIGFRAME_UC 64
#else
#	define RCGO_SIGFRAME_UC 128
#endif
#define RCGO_SIGRETURN_SIZE 8

#ifdef __FreeBSD__
// A signal restorer: mov r0, sp; add r0, r0, #64, which is what follows the handler in the kernel's
// trampoline.
#	define RCGO_SIGRETURN_CODE 0x0d, 0x00, 0xa0, 0xe1, 0x40, 0x00, 0x80, 0xe2
#else
// Reports whether code starts with a signal restorer: mov r7, #173 (rt_sigreturn); svc 0, in ARM or
// Thumb state.
static inline bool
rcgo__arch_is_sigreturn(const uint8_t code[RCGO_SIGRETURN_SIZE])
{
	static const uint8_t arm[] = {0xad, 0x70, 0xa0, 0xe3, 0, 0, 0, 0xef};
	static const uint8_t thumb[] = {0xad, 0x27, 0, 0xdf};

	return rcgo__arch_same(code, arm, sizeof arm) || rcgo__arch_same(code, thumb, sizeof thumb);
}

// Reports whether a signal restorer can start with the byte first.
static inline bool
rcgo__arch_may_be_sigreturn(uint8_t first)
{
	return first == 0xad;
}
#endif

#define RCGO_CALL_SIZE 4

// Reports whether the instruction before an address is a call: bl or blx, in ARM or Thumb state.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	uint32_t insn = rcgo__arch_u32(before);
	uint32_t first = insn & 0xffff, second = insn >> 16;

	return (insn & 0x0f000000) == 0x0b000000 || (insn & 0xfe000000) == 0xfa000000 ||
	       (insn & 0x0ffffff0) == 0x012fff30 ||
	       ((first & 0xf800) == 0xf000 && (second & 0xc000) == 0xc000) ||
	       (second & 0xff87) == 0x4780;
}

// Stores the target of the call that ends at ra. The state that the call is in is not known, so no
// target is.
static inline bool
rcgo__arch_call_target(RCGO_UNUSED const uint8_t before[RCGO_CALL_SIZE], RCGO_UNUSED uintptr_t ra,
	uintptr_t *target)
{
	*target = 0;
	return false;
}

#define RCGO_STUB_SIZE_MAX 4

// Reports whether the code at an address is a PLT stub. No target is ever known.
static inline bool
rcgo__arch_plt_stub(RCGO_UNUSED const uint8_t code[RCGO_STUB_SIZE_MAX], RCGO_UNUSED uintptr_t at,
	uintptr_t *word)
{
	*word = 0;
	return false;
}

// Reports whether the signal was raised because the instruction at the program counter cannot be
// fetched.
#ifdef __FreeBSD__ // the context does not have the address that faulted
#	define RCGO_UC_FETCH_FAILED(uc) ((void)(uc), false)
#else
#	define RCGO_UC_FETCH_FAILED(uc) \
		((uc)->uc_mcontext.fault_address == (uc)->uc_mcontext.arm_pc)
#endif

// Returns the code address of a return address, whose lowest bit is the state to return to.
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra & ~(uintptr_t)1;
}

// The registers from which unwinding can start without a signal (saved_regs.h).
#define RCGO_REGS_KEPT 8 // r4 to r10, and the current lr

// The saved pc is that of an instruction after it. The unwind information is the same there.
#define RCGO_REGS_CAPTURE(regs)          \
	__asm__("mov ip, pc\n"           \
		"\tstr ip, [%0]\n"       \
		"\tmov ip, sp\n"         \
		"\tstr ip, [%0, #4]\n"   \
		"\tstr r11, [%0, #8]\n"  \
		"\tstr r4, [%0, #12]\n"  \
		"\tstr r5, [%0, #16]\n"  \
		"\tstr r6, [%0, #20]\n"  \
		"\tstr r7, [%0, #24]\n"  \
		"\tstr r8, [%0, #28]\n"  \
		"\tstr r9, [%0, #32]\n"  \
		"\tstr r10, [%0, #36]\n" \
		"\tstr lr, [%0, #40]\n"  \
		:                        \
		: "r"(regs)              \
		: "ip", "memory")

#endif // RCGO_ARCH_ARM_H
