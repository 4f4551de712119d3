// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the instructions of arm64 that change the stack pointer, or save and restore
// registers. Contract: Arm Architecture Reference Manual for A-profile, chapters C4 and C6.
#define RCGO_UNWIND_ARM64 1 // before arch.h
#include "stack_emulate.h"

#define SP 31 // or the zero register, by instruction
#define LR 30

// x19 to x29, and sp
const uint64_t cpu_kept = (BIT(30) - BIT(19)) | BIT(SP);

static int64_t
signed_bits(uint32_t insn, unsigned from, unsigned bits)
{
	return (int64_t)((uint64_t)(insn >> from) << (64 - bits)) >> (64 - bits);
}

static uint64_t
branch_target(const struct emulated *e, uint32_t insn, unsigned from, unsigned bits)
{
	return e->regs.pc + (uint64_t)(signed_bits(insn, from, bits) * 4);
}

// The three ways in which a load or store computes its address.
enum indexing { BEFORE, AFTER, OFFSET };

// Loads or stores count registers of 8 bytes, one after the other in memory. vector: they are not
// those of addresses, and only the base changes.
struct transfer {
	bool load, vector;
	enum indexing indexing;
	unsigned count, reg[2], base;
	uint64_t offset;
};

static void
apply_transfer(struct walk *w, struct emulated *e, const struct transfer *t)
{
	uint64_t at = t->indexing == AFTER ? 0 : t->offset;

	for (unsigned i = 0; i < t->count && !t->vector; i++) {
		unsigned reg = t->reg[i];

		if (!t->load) {
			emulate_store(e, t->base, at + 8 * (uint64_t)i,
				reg == SP || emulate_known(e, reg),
				reg == SP ? 0 : e->regs.reg[reg]);
		} else if (reg != SP && reg != t->base) {
			emulate_load(w, e, reg, t->base, at + 8 * (uint64_t)i);
		} else if (reg != SP) {
			emulate_set(e, reg, false, 0);
		}
	}
	if (t->indexing != OFFSET) {
		emulate_add(e, t->base, t->base, t->offset);
	}
}

// ldp, stp
static void
pair(struct walk *w, struct emulated *e, uint32_t insn)
{
	static const enum indexing modes[4] = {OFFSET, AFTER, OFFSET, BEFORE};
	bool vector = (insn >> 26 & 1) != 0;
	unsigned scale = vector ? 2 + (insn >> 30) : 2 + (insn >> 31);
	struct transfer t = {.load = (insn >> 22 & 1) != 0,
		.vector = vector || insn >> 30 != 2,
		.indexing = modes[insn >> 23 & 3],
		.count = 2,
		.reg = {insn & 31, insn >> 10 & 31},
		.base = insn >> 5 & 31,
		.offset = (uint64_t)(signed_bits(insn, 15, 7) * (1 << scale))};

	apply_transfer(w, e, &t);
}

// ldr, str of one register, of 8 bytes; others may change the base.
static void
single(struct walk *w, struct emulated *e, uint32_t insn)
{
	bool scaled = (insn >> 24 & 1) != 0;
	unsigned mode = insn >> 10 & 3;
	bool vector = (insn >> 26 & 1) != 0, plain = scaled || (insn >> 21 & 1) == 0;
	struct transfer t = {.load = (insn >> 22 & 1) != 0,
		.vector = vector || insn >> 30 != 3 || !plain,
		.indexing = scaled || !plain || mode == 0 || mode == 2 ? OFFSET
			    : mode == 1				       ? AFTER
								       : BEFORE,
		.count = 1,
		.reg = {insn & 31},
		.base = insn >> 5 & 31,
		.offset = scaled ? (uint64_t)(insn >> 10 & 0xfff) * 8
				 : (uint64_t)signed_bits(insn, 12, 9)};

	if (t.load && t.vector && !vector && (insn & 31) != SP) {
		emulate_set(e, insn & 31, false, 0);
	}
	apply_transfer(w, e, &t);
}

// add, sub of 64 bits with a constant: the stack pointer is a register here.
static void
add_constant(struct emulated *e, uint32_t insn)
{
	uint64_t n = (uint64_t)(insn >> 10 & 0xfff) << ((insn >> 22 & 1) != 0 ? 12 : 0);

	emulate_add(e, insn & 31, insn >> 5 & 31, (insn >> 30 & 1) != 0 ? -n : n);
}

// mov between registers.
static void
move(struct emulated *e, uint32_t insn)
{
	unsigned to = insn & 31, from = insn >> 16 & 31;

	if (to != SP) {
		emulate_set(e, to, from == SP || emulate_known(e, from),
			from == SP ? 0 : e->regs.reg[from]);
	}
}

// Whether an instruction computes the stack pointer in a way that is not followed: add or sub of a
// register, and with a constant.
static bool
computes_sp(uint32_t insn)
{
	return (insn & 31) == SP &&
	       ((insn & 0xbfe00000) == 0x8b200000 || (insn & 0xff800000) == 0x92000000);
}

static enum flow
branch(struct emulated *e, uint32_t insn, struct insn *out)
{
	if ((insn & 0xfc000000) == 0x14000000) { // b
		out->target = branch_target(e, insn, 0, 26);
		return FLOW_JUMP;
	}
	if ((insn & 0xff000000) == 0x54000000 || (insn & 0x7e000000) == 0x34000000) {
		out->target = branch_target(e, insn, 5, 19); // b.cond, cbz, cbnz
		return FLOW_BRANCH;
	}
	if ((insn & 0x7e000000) == 0x36000000) { // tbz, tbnz
		out->target = branch_target(e, insn, 5, 14);
		return FLOW_BRANCH;
	}
	if ((insn & 0xfc000000) == 0x94000000 || (insn & 0xfefff000) == 0xd63f0000) { // bl, blr
		emulate_set(e, LR, false, 0);
		return FLOW_CALL;
	}
	if ((insn & 0xfffffc1f) == 0xd65f0000) { // ret; to another register it is a jump
		return (insn >> 5 & 31) == LR ? FLOW_RETURN : FLOW_JUMP_UNKNOWN;
	}
	if ((insn & 0xfffffbff) == 0xd65f0bff) { // retaa, retab
		return FLOW_RETURN;
	}
	if ((insn & 0xfefff000) == 0xd61f0000) { // br
		return FLOW_JUMP_UNKNOWN;
	}
	// brk, hlt; the encodings that are no instructions
	return (insn & 0xffe00000) == 0xd4200000 || (insn & 0xffe00000) == 0xd4400000 ||
			       insn >> 16 == 0
		       ? FLOW_END
		       : FLOW_NEXT;
}

enum flow
cpu_emulate(struct walk *w, struct emulated *e, const uint8_t code[INSN_MAX], struct insn *out)
{
	uint32_t insn = rcgo__arch_u32(code);

	out->size = 4;
	if ((insn & 0x3a000000) == 0x28000000) {
		pair(w, e, insn);
	} else if ((insn & 0x3a000000) == 0x38000000) {
		single(w, e, insn);
	} else if ((insn & 0xbf800000) == 0x91000000) {
		add_constant(e, insn);
	} else if ((insn & 0xffe0ffe0) == 0xaa0003e0) {
		move(e, insn);
	} else if (computes_sp(insn)) {
		emulate_set(e, SP, false, 0);
	}
	return branch(e, insn, out);
}

bool
cpu_return_address(struct walk *w, const struct emulated *e, uint64_t *ra, uint64_t *sp)
{
	(void)w;
	*sp = e->regs.reg[SP];
	*ra = rcgo__arch_strip(e->regs.reg[LR]);
	return emulate_known(e, SP) && emulate_known(e, LR);
}

// stp x29, x30, [sp, #-n]!; mov x29, sp. Its return address is above the saved x29.
bool
cpu_makes_frame(const uint8_t code[INSN_MAX])
{
	uint32_t first = rcgo__arch_u32(code), second = rcgo__arch_u32(code + 4);

	if ((first & 0xffffff3f) == 0xd503241f || first == 0xd503233f) { // bti, paciasp
		first = second;
		second = rcgo__arch_u32(code + 8);
	}
	return (first & 0xffc07fff) == 0xa9807bfd && second == 0x910003fd;
}
