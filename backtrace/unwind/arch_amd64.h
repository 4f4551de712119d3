// SPDX-License-Identifier: BSD-3-Clause
// Unwinding on amd64: the psABI's register numbers, the kernel's signal frame, and the few
// instructions that the unwinder recognizes.
#ifndef RCGO_ARCH_AMD64_H
#define RCGO_ARCH_AMD64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "arch_bytes.h"
#include "arch_x86.h"
#include "compat.h"

// DWARF registers: rax rdx rcx rbx rsi rdi rbp rsp r8-r15, and the return address.
#define RCGO_ELF_MACHINE 62 // EM_X86_64
#define RCGO_DW_REGS 17
#define RCGO_DW_FP 6
#define RCGO_DW_SP 7
#define RCGO_DW_PC 16
// A call pushes the return address, so it is never in a register.
#define RCGO_DW_LR RCGO_DW_PC
#define RCGO_HAS_LR 0
#define RCGO_PC_ALIGN 1

// Versions of clang-format disagree on how to format these macros.
// clang-format off
// RCGO_DW_KEPT[i] is the DWARF register that kept[i] of struct rcgo_saved_regs holds.
#define RCGO_DW_KEPT              \
	{                         \
		3, 12, 13, 14, 15 \
	}

// The offset of each DWARF register in a ucontext_t.
#ifdef __FreeBSD__
#define RCGO_UC_REG(name) (uint16_t) offsetof(ucontext_t, uc_mcontext.RCGO_MC_##name)
#define RCGO_MC_RAX mc_rax
#define RCGO_MC_RDX mc_rdx
#define RCGO_MC_RCX mc_rcx
#define RCGO_MC_RBX mc_rbx
#define RCGO_MC_RSI mc_rsi
#define RCGO_MC_RDI mc_rdi
#define RCGO_MC_RBP mc_rbp
#define RCGO_MC_RSP mc_rsp
#define RCGO_MC_R8 mc_r8
#define RCGO_MC_R9 mc_r9
#define RCGO_MC_R10 mc_r10
#define RCGO_MC_R11 mc_r11
#define RCGO_MC_R12 mc_r12
#define RCGO_MC_R13 mc_r13
#define RCGO_MC_R14 mc_r14
#define RCGO_MC_R15 mc_r15
#define RCGO_MC_RIP mc_rip
#else
#define RCGO_UC_REG(name) (uint16_t) offsetof(ucontext_t, uc_mcontext.gregs[REG_##name])
#endif
#define RCGO_UC_REGS                                                                            \
	{                                                                                       \
		RCGO_UC_REG(RAX), RCGO_UC_REG(RDX), RCGO_UC_REG(RCX), RCGO_UC_REG(RBX),         \
			RCGO_UC_REG(RSI), RCGO_UC_REG(RDI), RCGO_UC_REG(RBP), RCGO_UC_REG(RSP), \
			RCGO_UC_REG(R8), RCGO_UC_REG(R9), RCGO_UC_REG(R10), RCGO_UC_REG(R11),   \
			RCGO_UC_REG(R12), RCGO_UC_REG(R13), RCGO_UC_REG(R14), RCGO_UC_REG(R15), \
			RCGO_UC_REG(RIP)                                                        \
	}
// clang-format on
#define RCGO_UC_PC RCGO_UC_REG(RIP)
#define RCGO_UC_SP RCGO_UC_REG(RSP)
#define RCGO_UC_FP RCGO_UC_REG(RBP)
#define RCGO_UC_LR RCGO_UC_REG(RIP)

// After a signal handler has returned to its restorer, the ucontext_t starts at this distance from
// the stack pointer. FreeBSD's frame begins with the address of the handler (struct sigframe).
#ifdef __FreeBSD__
#	define RCGO_SIGFRAME_UC 16
#else
#	define RCGO_SIGFRAME_UC 0
#endif
#define RCGO_SIGRETURN_SIZE 9

#ifdef __FreeBSD__

// Reports whether code is what follows the call of a handler in the kernel's signal trampoline:
// lea 16(%rsp), %rdi; push $0; mov to rax (sigreturn).
static inline bool
rcgo__arch_is_sigreturn(const uint8_t code[RCGO_SIGRETURN_SIZE])
{
	static const uint8_t restorer[] = {0x48, 0x8d, 0x7c, 0x24, 0x10, 0x6a, 0x00, 0x48, 0xc7};

	return rcgo__arch_same(code, restorer, sizeof restorer);
}

#else

// Reports whether code starts with a signal restorer: mov $15 (rt_sigreturn) to rax or eax;
// syscall.
static inline bool
rcgo__arch_is_sigreturn(const uint8_t code[RCGO_SIGRETURN_SIZE])
{
	static const uint8_t wide[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t narrow[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};

	return rcgo__arch_same(code, wide, sizeof wide) ||
	       rcgo__arch_same(code, narrow, sizeof narrow);
}

#endif

// Reports whether a signal restorer can start with the byte first.
static inline bool
rcgo__arch_may_be_sigreturn(uint8_t first)
{
	return first == 0x48 || first == 0xb8;
}

#define RCGO_STUB_SIZE_MAX 11

// Reports whether the code at an address is a PLT stub: endbr64, bnd, jmp *offset(%rip). Stores the
// address of the word that holds the jump target.
static inline bool
rcgo__arch_plt_stub(const uint8_t code[RCGO_STUB_SIZE_MAX], uintptr_t at, uintptr_t *word)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	unsigned i = rcgo__arch_same(code, endbr64, sizeof endbr64) ? sizeof endbr64 : 0;

	i += code[i] == 0xf2;
	*word = at + i + 6 + (uintptr_t)(intptr_t)(int32_t)rcgo__arch_u32(code + i + 2);
	return code[i] == 0xff && code[i + 1] == 0x25;
}

// Reports whether the signal was raised because the instruction at the program counter cannot be
// fetched: a page fault (14) at that address, with the instruction-fetch bit in its error code.
#ifdef __FreeBSD__ // T_PAGEFLT
#	define RCGO_UC_FETCH_FAILED(uc)                                                        \
		((uc)->uc_mcontext.mc_trapno == 12 && ((uc)->uc_mcontext.mc_err & 0x10) != 0 && \
			(uc)->uc_mcontext.mc_addr == (uc)->uc_mcontext.mc_rip)
#else
#	define RCGO_UC_FETCH_FAILED(uc)                                  \
		((uc)->uc_mcontext.gregs[REG_TRAPNO] == 14 &&             \
			((uc)->uc_mcontext.gregs[REG_ERR] & 0x10) != 0 && \
			(uc)->uc_mcontext.gregs[REG_CR2] == (uc)->uc_mcontext.gregs[REG_RIP])
#endif

// Returns the code address of a return address.
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra;
}

// The registers from which unwinding can start without a signal (saved_regs.h).
#define RCGO_REGS_KEPT 5 // rbx, r12, r13, r14, r15

// The saved pc is that of the next instruction. The unwind information is the same on both sides of
// this instruction.
#ifdef __x86_64__
#	define RCGO_REGS_CAPTURE(regs)           \
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
#else // another processor reads a core file
#	define RCGO_REGS_CAPTURE(regs) ((void)(regs))
#endif

#endif // RCGO_ARCH_AMD64_H
