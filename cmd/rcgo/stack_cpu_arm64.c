// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the stacks of arm64.
#define RCGO_UNWIND_ARM64 1 // before arch.h
#include "stack_joint.h"

const struct walker walker_arm64 = {walk_thread, walk_goroutine};

// From linux/arch/arm64/include/uapi/asm/sigcontext.h: uc_mcontext is at 176, and begins with the
// address of the fault; x0 to x30, sp and pc follow.
#define X(i) (184 + 8 * (i))
const uint16_t cpu_ucontext_reg[RCGO_DW_REGS] = {X(0), X(1), X(2), X(3), X(4), X(5), X(6), X(7),
	X(8), X(9), X(10), X(11), X(12), X(13), X(14), X(15), X(16), X(17), X(18), X(19), X(20),
	X(21), X(22), X(23), X(24), X(25), X(26), X(27), X(28), X(29), X(30), X(31)};
const uint16_t cpu_ucontext_pc = X(32);
const uint16_t cpu_ucontext_at = 128; // a siginfo_t comes first

// Each function with a frame has saved x30 at the lower end of the frame, except crosscall2.
// GO: runtime/cgo/asm_arm64.s
#define CROSSCALL2_LR 184
#define CROSSCALL2_FP 176
#define CROSSCALL2_X19 32
#define ARGUMENT_SEARCH 64 // bytes before a call

bool
cpu_go_return(struct walk *w, const struct go_func *f, uint64_t size, uint64_t *ra, uint64_t *sp)
{
	uint64_t at = w->regs.reg[RCGO_DW_SP];

	*sp = at + size;
	if (size == 0) {
		*ra = w->regs.reg[RCGO_DW_LR];
		return w->exact && (w->regs.known & BIT(RCGO_DW_LR)) != 0;
	}
	return walk_word(w, f->special == GO_CROSSCALL2 ? at + CROSSCALL2_LR : at, ra);
}

void
cpu_take_saved(struct walk *w, uint64_t sp, uint64_t size)
{
	(void)size;
	for (unsigned i = 19; i <= 28; i++) {
		if (walk_word(w, sp + CROSSCALL2_X19 + 8 * (uint64_t)(i - 19), &w->regs.reg[i])) {
			w->regs.known |= BIT(i);
		}
	}
	if (walk_word(w, sp + CROSSCALL2_FP, &w->regs.reg[RCGO_DW_FP])) {
		w->regs.known |= BIT(RCGO_DW_FP);
	}
}

uint64_t
cpu_chain_older(uint64_t sp)
{
	return sp + 16;
}

uint64_t
cpu_vdso_caller(const struct walk *w)
{
	(void)w;
	return 0;
}

bool
cpu_leaf_return(struct walk *w, uint64_t *ra, uint64_t *sp)
{
	*sp = w->regs.reg[RCGO_DW_SP];
	*ra = rcgo__arch_strip(w->regs.reg[RCGO_DW_LR]);
	return (w->regs.known & BIT(RCGO_DW_LR)) != 0;
}

// mov x0, #n, and not a call or another branch after it.
bool
cpu_first_argument(struct walk *w, uint64_t ra, uint64_t *value)
{
	uint8_t code[4];

	for (uint64_t at = ra - 8; at > ra - 8 - ARGUMENT_SEARCH; at -= 4) {
		uint32_t insn;

		if (!walk_code(w, at, code, sizeof code)) {
			return false;
		}
		insn = rcgo__arch_u32(code);
		if ((insn & 0x7fe0001f) == 0x52800000) {
			*value = insn >> 5 & 0xffff;
			return true;
		}
		if ((insn & 0x1c000000) == 0x14000000) { // branches
			return false;
		}
	}
	return false;
}
