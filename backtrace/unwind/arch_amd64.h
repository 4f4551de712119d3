// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind, amd64: register numbers of the psABI, the kernel's signal frame,
// and the few instructions that the walker knows by sight.
#ifndef RCGO_ARCH_AMD64_H
#define RCGO_ARCH_AMD64_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <ucontext.h>

#include "compat.h"

// DWARF registers: rax rdx rcx rbx rsi rdi rbp rsp r8-r15, and the return address.
#define RCGO_DW_REGS 17
#define RCGO_DW_FP 6
#define RCGO_DW_SP 7
#define RCGO_DW_PC 16
// A call pushes the return address: it is never left in a register.
#define RCGO_DW_LR RCGO_DW_PC
#define RCGO_HAS_LR 0
#define RCGO_PC_ALIGN 1

// No two versions of clang-format agree on these.
// clang-format off
// Where struct rcgo_saved_regs keeps what: the DWARF register of kept[i].
#define RCGO_DW_KEPT              \
	{                         \
		3, 12, 13, 14, 15 \
	}

// Where each DWARF register lies in a ucontext_t.
#define RCGO_UC_REG(name) (uint16_t) offsetof(ucontext_t, uc_mcontext.gregs[REG_##name])
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

// When a handler has returned to its restorer, the ucontext_t begins at the stack pointer.
#define RCGO_SIGFRAME_UC 0
#define RCGO_SIGRETURN_SIZE 9

// No memcmp: its first call is the dynamic linker's, which takes 3 KB of stack.
static inline bool
rcgo__arch_same(const uint8_t *a, const uint8_t *b, size_t size)
{
	while (size > 0 && *a == *b) {
		a++;
		b++;
		size--;
	}
	return size == 0;
}

// Whether code is how a handler's restorer begins: mov $15 (rt_sigreturn) to rax or eax; syscall.
static inline bool
rcgo__arch_is_sigreturn(const uint8_t code[RCGO_SIGRETURN_SIZE])
{
	static const uint8_t wide[] = {0x48, 0xc7, 0xc0, 0x0f, 0, 0, 0, 0x0f, 0x05};
	static const uint8_t narrow[] = {0xb8, 0x0f, 0, 0, 0, 0x0f, 0x05};

	return rcgo__arch_same(code, wide, sizeof wide) ||
	       rcgo__arch_same(code, narrow, sizeof narrow);
}

// The same of its first byte alone.
static inline bool
rcgo__arch_may_be_sigreturn(uint8_t first)
{
	return first == 0x48 || first == 0xb8;
}

#define RCGO_CALL_SIZE 7 // the longest call

// How long the call with this ModRM (and SIB) byte is, without prefixes; 0: no call.
static inline unsigned
rcgo__arch_call_size(uint8_t modrm, uint8_t sib)
{
	unsigned mod = modrm >> 6;
	unsigned rm = modrm & 7;
	unsigned size = 2;

	if ((modrm & 0x38) != 0x10) {
		return 0;
	}
	if (mod != 3 && rm == 4) {
		size++;
		if (mod == 0 && (sib & 7) == 5) {
			size += 4;
		}
	}
	if (mod == 1) {
		size += 1;
	} else if (mod == 2 || (mod == 0 && rm == 5)) {
		size += 4;
	}
	return size;
}

// Whether the bytes before an address end in a call: E8 with 32 bits, or FF /2.
static inline bool
rcgo__arch_is_call(const uint8_t before[RCGO_CALL_SIZE])
{
	if (before[2] == 0xe8) {
		return true;
	}
	for (unsigned size = 2; size <= RCGO_CALL_SIZE; size++) {
		const uint8_t *at = before + RCGO_CALL_SIZE - size;

		if (at[0] == 0xff && rcgo__arch_call_size(at[1], size > 2 ? at[2] : 0) == size) {
			return true;
		}
	}
	return false;
}

// Where the call before ra goes to, when it says so itself.
static inline bool
rcgo__arch_call_target(const uint8_t before[RCGO_CALL_SIZE], uintptr_t ra, uintptr_t *target)
{
	uint32_t offset = (uint32_t)before[3] | (uint32_t)before[4] << 8 |
			  (uint32_t)before[5] << 16 | (uint32_t)before[6] << 24;

	*target = ra + (uintptr_t)(intptr_t)(int32_t)offset;
	return before[2] == 0xe8;
}

#define RCGO_STUB_SIZE_MAX 11

// Whether code at an address is a stub of the linker's, which jumps to what a word holds: endbr64,
// bnd, jmp *offset(%rip). Stores where that word is.
static inline bool
rcgo__arch_plt_stub(const uint8_t code[RCGO_STUB_SIZE_MAX], uintptr_t at, uintptr_t *word)
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	unsigned i = rcgo__arch_same(code, endbr64, sizeof endbr64) ? sizeof endbr64 : 0;
	uint32_t offset;

	i += code[i] == 0xf2;
	offset = (uint32_t)code[i + 2] | (uint32_t)code[i + 3] << 8 | (uint32_t)code[i + 4] << 16 |
		 (uint32_t)code[i + 5] << 24;
	*word = at + i + 6 + (uintptr_t)(intptr_t)(int32_t)offset;
	return code[i] == 0xff && code[i + 1] == 0x25;
}

// Whether the signal came because the instruction at the program counter cannot be read: a page
// fault (14) whose error code has the bit of an instruction fetch, at that address.
#define RCGO_UC_FETCH_FAILED(uc)                                  \
	((uc)->uc_mcontext.gregs[REG_TRAPNO] == 14 &&             \
		((uc)->uc_mcontext.gregs[REG_ERR] & 0x10) != 0 && \
		(uc)->uc_mcontext.gregs[REG_CR2] == (uc)->uc_mcontext.gregs[REG_RIP])

// The address that a return address stands for.
static inline uintptr_t
rcgo__arch_strip(uintptr_t ra)
{
	return ra;
}

#endif // RCGO_ARCH_AMD64_H
