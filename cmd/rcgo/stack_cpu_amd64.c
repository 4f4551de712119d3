// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the stacks of amd64.
#define RCGO_UNWIND_AMD64 1 // before arch.h
#include "stack_joint.h"

const struct walker walker_amd64 = {walk_thread, walk_goroutine};

// From linux/arch/x86/include/uapi/asm/sigcontext.h: uc_mcontext is at 40; r8 to r15, rdi, rsi,
// rbp, rbx, rdx, rax, rcx, rsp, rip follow each other.
#define GREG(i) (40 + 8 * (i))
const uint16_t cpu_ucontext_reg[RCGO_DW_REGS] = {GREG(13), GREG(12), GREG(14), GREG(11), GREG(9),
	GREG(8), GREG(10), GREG(15), GREG(0), GREG(1), GREG(2), GREG(3), GREG(4), GREG(5), GREG(6),
	GREG(7), GREG(16)};
const uint16_t cpu_ucontext_pc = GREG(16);
const uint16_t cpu_ucontext_at = 0;

bool
cpu_go_return(struct walk *w, const struct go_func *f, uint64_t size, uint64_t *ra, uint64_t *sp)
{
	(void)f;
	*sp = w->regs.reg[RCGO_DW_SP] + size + 8;
	return walk_word(w, *sp - 8, ra);
}

// The frame pointer is below the return address. The assembler's prologue pushed it, or crosscall2
// itself. GO: runtime/cgo/abi_amd64.h PUSH_REGS_HOST_TO_ABI0
void
cpu_take_saved(struct walk *w, uint64_t sp, uint64_t size)
{
	static const uint8_t saved[] = {3, 12, 13, 14, 15};

	for (unsigned i = 0; i < sizeof saved; i++) {
		if (walk_word(w, sp + 0x18 + 8 * (uint64_t)i, &w->regs.reg[saved[i]])) {
			w->regs.known |= BIT(saved[i]);
		}
	}
	if (walk_word(w, sp + size - 8, &w->regs.reg[RCGO_DW_FP])) {
		w->regs.known |= BIT(RCGO_DW_FP);
	}
}

uint64_t
cpu_chain_older(uint64_t sp)
{
	return sp;
}

// R12 holds the stack pointer before the function made room for results.
uint64_t
cpu_vdso_caller(const struct walk *w)
{
	return (w->regs.known & BIT(12)) != 0 ? w->regs.reg[12] - 16 : 0;
}

bool
cpu_leaf_return(struct walk *w, uint64_t *ra, uint64_t *sp)
{
	*sp = w->regs.reg[RCGO_DW_SP] + 8;
	return walk_word(w, *sp - 8, ra);
}

bool
cpu_first_argument(struct walk *w, uint64_t ra, uint64_t *value)
{
	(void)w;
	(void)ra;
	(void)value;
	return false;
}
