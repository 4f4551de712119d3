// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on 386: the psABI's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes.
#ifndef RCGO_ARCH_386_H
#define RCGO_ARCH_386_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "arch_x86.h"
#include "compat.h"

// DWARF registers: eax ecx edx ebx esp ebp esi edi, and the return address.
#define RCGO_ELF_MACHINE 3 // EM_386
#define RCGO_DW_REGS 9
#define RCGO_DW_FP 5
#define RCGO_DW_SP 4
#define RCGO_DW_PC 8
// A call pushes the return address, so it is never in a register.
#define RCGO_DW_LR RCGO_DW_PC
#define RCGO_HAS_LR 0
#define RCGO_PC_ALIGN 1

// Versions of clang-format disagree on how to format these macros.
// clang-format off
// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
#define RCGO_DW_KEPT    \
	{               \
		3, 6, 7 \
	}

// The offset of each DWARF register in a ucontext_t.
#ifdef __FreeBSD__
#define RCGO_UC_REG(name) (uint16_t) offsetof(ucontext_t, uc_mcontext.RCGO_MC_##name)
#define RCGO_MC_EAX mc_eax
#define RCGO_MC_ECX mc_ecx
#define RCGO_MC_EDX mc_edx
#define RCGO_MC_EBX mc_ebx
#define RCGO_MC_ESP mc_esp
#define RCGO_MC_EBP mc_ebp
#define RCGO_MC_ESI mc_esi
#define RCGO_MC_EDI mc_edi
#define RCGO_MC_EIP mc_eip
#else
#define RCGO_UC_REG(name) (uint16_t) offsetof(ucontext_t, uc_mcontext.gregs[REG_##name])
#endif
#define RCGO_UC_REGS                                                                            \
	{                                                                                       \
		RCGO_UC_REG(EAX), RCGO_UC_REG(ECX), RCGO_UC_REG(EDX), RCGO_UC_REG(EBX),         \
			RCGO_UC_REG(ESP), RCGO_UC_REG(EBP), RCGO_UC_REG(ESI), RCGO_UC_REG(EDI), \
			RCGO_UC_REG(EIP)                                                        \
	}
// clang-format on
#define RCGO_UC_PC RCGO_UC_REG(EIP)
#define RCGO_UC_SP RCGO_UC_REG(ESP)
#define RCGO_UC_FP RCGO_UC_REG(EBP)
#define RCGO_UC_LR RCGO_UC_REG(EIP)

// After a signal handler has returned to its restorer, the ucontext_t starts at this distance from
// the stack pointer: after the signal's number, two pointers and a siginfo_t of 128 bytes on Linux;
// after four arguments and the address of the handler, at a multiple of 16, on FreeBSD. On Linux, a
// handler without SA_SIGINFO has another frame, which libc's and the vDSO's unwind information
// describes.
#ifdef __FreeBSD__
#	define RCGO_SIGFRAME_UC 32
#else
#	define RCGO_SIGFRAME_UC 140
#endif

// A signal restorer: on Linux mov $173 (rt_sigreturn) to eax; int $0x80. On FreeBSD lea 32(%esp),
// %eax; push %eax, which is what follows the handler in the kernel's trampoline. What comes then
// differs between the kernels for 386 and for amd64.
#ifdef __FreeBSD__
#	define RCGO_SIGRETURN_SIZE 5
#	define RCGO_SIGRETURN_CODE 0x8d, 0x44, 0x24, 0x20, 0x50
#else
#	define RCGO_SIGRETURN_SIZE 7
#	define RCGO_SIGRETURN_CODE 0xb8, 0xad, 0, 0, 0, 0xcd, 0x80
#endif

#define RCGO_STUB_SIZE_MAX 10

// Reports whether the code at an address is a PLT stub of a program that is not position
// independent: endbr32, jmp *address. Stores the address of the word that holds the jump target.
// The stubs of other programs add an offset to ebx, which is not known.
static inline bool
rcgo__arch_plt_stub(
	const uint8_t code[RCGO_STUB_SIZE_MAX], RCGO_UNUSED uintptr_t at, uintptr_t *word)
{
	static const uint8_t endbr32[] = {0xf3, 0x0f, 0x1e, 0xfb};
	unsigned i = rcgo__arch_same(code, endbr32, sizeof endbr32) ? sizeof endbr32 : 0;

	*word = rcgo__arch_u32(code + i + 2);
	return code[i] == 0xff && code[i + 1] == 0x25;
}

// Reports whether the signal was raised because the instruction at the program counter cannot be
// fetched: a page fault (14) at that address, with the instruction-fetch bit in its error code.
#ifdef __FreeBSD__ // the context does not have the address that faulted
#	define RCGO_UC_FETCH_FAILED(uc) ((void)(uc), false)
#else
#	define RCGO_UC_FETCH_FAILED(uc)                                  \
		((uc)->uc_mcontext.gregs[REG_TRAPNO] == 14 &&             \
			((uc)->uc_mcontext.gregs[REG_ERR] & 0x10) != 0 && \
			(uc)->uc_mcontext.cr2 == (unsigned long)(uc)->uc_mcontext.gregs[REG_EIP])
#endif

// Returns the code address of a return address.
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra;
}

// The registers from which unwinding can start without a signal (saved_regs.h).
#define RCGO_REGS_KEPT 3 // ebx, esi, edi

// The saved pc is that of the instruction after the call. The unwind information is the same on
// both sides of this instruction.
#define RCGO_REGS_CAPTURE(regs)          \
	__asm__("call 1f\n"              \
		"1:\tpopl %%eax\n"       \
		"\tmovl %%eax, 0(%0)\n"  \
		"\tmovl %%esp, 4(%0)\n"  \
		"\tmovl %%ebp, 8(%0)\n"  \
		"\tmovl %%ebx, 12(%0)\n" \
		"\tmovl %%esi, 16(%0)\n" \
		"\tmovl %%edi, 20(%0)\n" \
		:                        \
		: "r"(regs)              \
		: "eax", "memory")

#endif // RCGO_ARCH_386_H
