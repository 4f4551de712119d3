// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the instructions of amd64: their length, and what they do to the stack pointer and to
// registers that are saved and restored. Contract: Intel 64 and IA-32 Architectures Software
// Developer's Manual, volume 2, chapter 2 and appendix A.
#define RCGO_UNWIND_AMD64 1 // before arch.h
#include "stack_emulate.h"

// rbx, rbp, rsp, r12 to r15
const uint64_t cpu_kept = BIT(3) | BIT(6) | BIT(7) | BIT(12) | BIT(13) | BIT(14) | BIT(15);

// The DWARF numbers of the registers, by their numbers in instructions.
static const uint8_t dwarf[16] = {0, 2, 1, 3, 7, 6, 4, 5, 8, 9, 10, 11, 12, 13, 14, 15};
#define SP 4

// One instruction, while it is decoded.
struct decode {
	const uint8_t *code;
	unsigned at;
	bool wide, narrow; // REX.W, and the prefix 66
	bool other;	   // a prefix by which fs or gs is the base, or addresses have 32 bits
	unsigned reg;	   // of ModRM, with REX.R
	// Of ModRM: a register, or memory at base + displacement.
	bool memory, plain; // plain: base and displacement alone
	unsigned rm;
	int32_t displacement;
};

static uint8_t
byte_at(const struct decode *d, unsigned i)
{
	return i < INSN_MAX ? d->code[i] : 0;
}

static uint8_t
next_byte(struct decode *d)
{
	return byte_at(d, d->at++);
}

// Takes a signed number of 1 or 4 bytes.
static int32_t
next_number(struct decode *d, unsigned size)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < size; i++) {
		n |= (uint32_t)next_byte(d) << 8 * i;
	}
	return size == 1 ? (int8_t)n : (int32_t)n;
}

// Decodes ModRM, SIB and displacement; rex: the bits R, X, B.
static void
decode_modrm(struct decode *d, unsigned rex)
{
	uint8_t modrm = next_byte(d);
	unsigned mod = modrm >> 6;
	bool no_base;

	d->reg = (modrm >> 3 & 7) | (rex & 4) << 1;
	d->rm = (modrm & 7) | (rex & 1) << 3;
	d->memory = mod != 3;
	d->plain = !d->other;
	if (!d->memory) {
		return;
	}
	no_base = mod == 0 && (modrm & 7) == 5; // relative to the program counter
	if ((modrm & 7) == 4) {
		uint8_t sib = next_byte(d);

		d->rm = (sib & 7) | (rex & 1) << 3;
		d->plain &= ((sib >> 3 & 7) | (rex & 2) << 2) == 4; // no index
		no_base = mod == 0 && (sib & 7) == 5;
	}
	d->plain &= !no_base;
	d->displacement = next_number(d, mod == 1 ? 1 : mod == 2 || no_base ? 4 : 0);
}

// Sets the stack pointer to an unknown value.
static void
lose_sp(struct emulated *e)
{
	emulate_set(e, dwarf[SP], false, 0);
}

static void
push(struct emulated *e, bool known, uint64_t value)
{
	emulate_add(e, dwarf[SP], dwarf[SP], -(uint64_t)8);
	emulate_store(e, dwarf[SP], 0, known, value);
}

static void
pop(struct walk *w, struct emulated *e, unsigned reg)
{
	if (reg < 16) {
		emulate_load(w, e, dwarf[reg], dwarf[SP], 0);
	}
	if (reg != SP) {
		emulate_add(e, dwarf[SP], dwarf[SP], 8);
	}
}

// Opcodes 80, 81 and 83: an operation, by reg, with a constant.
static void
with_constant(struct emulated *e, const struct decode *d, int32_t n)
{
	unsigned operation = d->reg & 7;

	if (d->memory || d->rm != SP || operation == 7) {
		return;
	}
	if (operation == 0 || operation == 5) {
		int64_t change = operation == 0 ? n : -(int64_t)n;

		emulate_add(e, dwarf[SP], dwarf[SP], (uint64_t)change);
	} else {
		lose_sp(e);
	}
}

// mov and lea of 64 bits between registers and the stack.
static void
move(struct walk *w, struct emulated *e, const struct decode *d, uint8_t opcode)
{
	uint64_t offset = (uint64_t)(int64_t)d->displacement;
	unsigned reg = dwarf[d->reg], rm = dwarf[d->rm];
	bool store = opcode == 0x89;

	if (!d->wide) {
		if (!store || !d->memory) {
			emulate_set(e, store ? rm : reg, false, 0);
		}
	} else if (!d->memory) {
		emulate_add(e, store ? rm : reg, store ? reg : rm, 0);
	} else if (store) {
		if (d->plain) {
			emulate_store(e, rm, offset, emulate_known(e, reg), e->regs.reg[reg]);
		}
	} else if (!d->plain) {
		emulate_set(e, reg, false, 0);
	} else if (opcode == 0x8d) {
		emulate_add(e, reg, rm, offset);
	} else {
		emulate_load(w, e, reg, rm, offset);
	}
}

// Opcode FF, and FE of which no operation but 0 and 1 is one.
static enum flow
group5(struct emulated *e, const struct decode *d)
{
	switch (d->reg & 7) {
	case 2:
	case 3:
		return FLOW_CALL;
	case 4:
	case 5:
		return FLOW_JUMP_UNKNOWN;
	case 6:
		push(e, false, 0);
		return FLOW_NEXT;
	default:
		if (!d->memory && d->rm == SP) {
			lose_sp(e);
		}
		return FLOW_NEXT;
	}
}

static enum flow
relative(struct decode *d, const struct emulated *e, struct insn *insn, unsigned size,
	enum flow flow)
{
	int64_t n = next_number(d, size);

	insn->target = e->regs.pc + d->at + (uint64_t)n;
	return flow;
}

// Opcodes that begin with 0F. Long because: its cases are a table of opcodes.
static enum flow
decode_0f(struct decode *d, struct emulated *e, struct insn *insn, unsigned rex)
{
	uint8_t opcode = next_byte(d);

	if (opcode == 0x0b || opcode == 0xb9 || opcode == 0xff) {
		return FLOW_END; // ud2
	}
	if (opcode >> 4 == 8) {
		return relative(d, e, insn, 4, FLOW_BRANCH);
	}
	if (opcode == 0x38 || opcode == 0x3a) {
		next_byte(d);
		decode_modrm(d, rex);
		d->at += opcode == 0x3a;
		return FLOW_NEXT;
	}
	switch (opcode) {
	case 0x05: // syscall
	case 0x06:
	case 0x08:
	case 0x09:
	case 0x31: // rdtsc
	case 0x77:
	case 0xa2: // cpuid
		return FLOW_NEXT;
	case 0x70:
	case 0x71:
	case 0x72:
	case 0x73:
	case 0xa4:
	case 0xac:
	case 0xba:
	case 0xc2:
	case 0xc4:
	case 0xc5:
	case 0xc6:
		decode_modrm(d, rex);
		d->at++;
		return FLOW_NEXT;
	case 0x07:
	case 0x04:
	case 0x0a:
	case 0x0c:
	case 0x34:
	case 0x35:
	case 0xa0:
	case 0xa1:
	case 0xa8:
	case 0xa9:
		return FLOW_BAD; // not in programs
	default:
		if (opcode >= 0xc8 && opcode <= 0xcf) { // bswap
			return FLOW_NEXT;
		}
		decode_modrm(d, rex);
		if (opcode >> 4 == 4 && d->reg == SP) { // cmov
			lose_sp(e);
		}
		return FLOW_NEXT;
	}
}

// Instructions with the prefixes C4, C5 and 62 change vector registers.
static enum flow
decode_vex(struct decode *d, uint8_t prefix)
{
	uint8_t first = next_byte(d), opcode;
	unsigned map = prefix == 0xc5 ? 1 : first & (prefix == 0x62 ? 7 : 31);

	d->at += prefix == 0xc5 ? 0 : prefix == 0xc4 ? 1 : 2;
	opcode = next_byte(d);
	if (map == 0 || (prefix != 0x62 && map > 3)) {
		return FLOW_BAD;
	}
	if (map == 1 && opcode == 0x77) {
		return FLOW_NEXT; // vzeroupper
	}
	decode_modrm(d, 0);
	d->at += map == 3 || (map == 1 && ((opcode >= 0x70 && opcode <= 0x73) || opcode == 0xc2 ||
						  (opcode >= 0xc4 && opcode <= 0xc6)));
	return FLOW_NEXT;
}

// Opcodes 00 to 3F, except for prefixes.
static enum flow
arithmetic(struct decode *d, struct emulated *e, uint8_t opcode, unsigned rex)
{
	unsigned form = opcode & 7;

	if (form > 5) {
		return FLOW_BAD;
	}
	if (form > 3) {
		next_number(d, form == 4 ? 1 : d->narrow ? 2 : 4);
		return FLOW_NEXT;
	}
	decode_modrm(d, rex);
	// cmp has no result.
	if (opcode < 0x38 &&
		((form == 3 && d->reg == SP) || (form == 1 && !d->memory && d->rm == SP))) {
		lose_sp(e);
	}
	return FLOW_NEXT;
}

// Opcodes from 63 on that have a ModRM. Returns false for other opcodes. Long because: its
// cases are a table of opcodes.
static bool
with_modrm(struct walk *w, struct decode *d, struct emulated *e, uint8_t opcode, unsigned rex,
	enum flow *flow)
{
	unsigned constant = d->narrow ? 2 : 4;

	*flow = FLOW_NEXT;
	switch (opcode) {
	case 0x63: // movsxd
		decode_modrm(d, rex);
		emulate_set(e, dwarf[d->reg], false, 0);
		return true;
	case 0x69:
		decode_modrm(d, rex);
		next_number(d, constant);
		return true;
	case 0x6b:
	case 0xc0:
	case 0xc1:
	case 0xc6:
		decode_modrm(d, rex);
		d->at++;
		return true;
	case 0xc7:
		decode_modrm(d, rex);
		next_number(d, constant);
		return true;
	case 0x80:
	case 0x81:
	case 0x83:
		decode_modrm(d, rex);
		with_constant(e, d, next_number(d, opcode == 0x81 ? constant : 1));
		return true;
	case 0x89:
	case 0x8b:
	case 0x8d:
		decode_modrm(d, rex);
		move(w, e, d, opcode);
		return true;
	case 0x87: // xchg
		decode_modrm(d, rex);
		if (d->reg == SP || (!d->memory && d->rm == SP)) {
			lose_sp(e);
		}
		return true;
	case 0x8f:
		decode_modrm(d, rex);
		pop(w, e, 16);
		return true;
	case 0xf6:
	case 0xf7:
		decode_modrm(d, rex);
		if ((d->reg & 7) < 2) {
			next_number(d, opcode == 0xf6 ? 1 : constant);
		}
		return true;
	case 0xfe:
		decode_modrm(d, rex);
		return true;
	case 0xff:
		decode_modrm(d, rex);
		*flow = group5(e, d);
		return true;
	default:
		if ((opcode >= 0x84 && opcode <= 0x8e) || (opcode >= 0xd0 && opcode <= 0xd3) ||
			(opcode >= 0xd8 && opcode <= 0xdf)) {
			decode_modrm(d, rex);
			return true;
		}
		return false;
	}
}

// The other opcodes of one byte. Long because: its cases are a table of opcodes.
static enum flow
decode_short(struct walk *w, struct decode *d, struct emulated *e, struct insn *insn,
	uint8_t opcode, unsigned rex)
{
	unsigned reg = (opcode & 7) | (rex & 1) << 3;

	switch (opcode >> 3) {
	case 0x50 >> 3:
		push(e, emulate_known(e, dwarf[reg]), e->regs.reg[dwarf[reg]]);
		return FLOW_NEXT;
	case 0x58 >> 3:
		pop(w, e, reg);
		return FLOW_NEXT;
	case 0x70 >> 3:
	case 0x78 >> 3:
		return relative(d, e, insn, 1, FLOW_BRANCH);
	case 0x90 >> 3: // nop, xchg
		if (reg == SP) {
			lose_sp(e);
		}
		return FLOW_NEXT;
	case 0xb0 >> 3:
		d->at++;
		return FLOW_NEXT;
	case 0xb8 >> 3:
		d->at += d->wide ? 8 : d->narrow ? 2 : 4;
		emulate_set(e, dwarf[reg], false, 0);
		return FLOW_NEXT;
	default:
		break;
	}
	switch (opcode) {
	case 0x68:
	case 0x6a:
		next_number(d, opcode == 0x6a ? 1 : 4);
		push(e, false, 0);
		return FLOW_NEXT;
	case 0x9c: // pushf
		push(e, false, 0);
		return FLOW_NEXT;
	case 0x9d:
		pop(w, e, 16);
		return FLOW_NEXT;
	case 0x98:
	case 0x99:
	case 0x9b:
	case 0x9e:
	case 0x9f:
	case 0xd7:
	case 0xf5:
		return FLOW_NEXT;
	case 0xa8:
		d->at++;
		return FLOW_NEXT;
	case 0xa9:
		d->at += d->narrow ? 2 : 4;
		return FLOW_NEXT;
	case 0xa0:
	case 0xa1:
	case 0xa2:
	case 0xa3:
		d->at += 8;
		return FLOW_NEXT;
	case 0xc2:
	case 0xc3:
		return FLOW_RETURN;
	case 0xc9: // leave
		emulate_add(e, RCGO_DW_SP, RCGO_DW_FP, 0);
		pop(w, e, 5);
		return FLOW_NEXT;
	case 0xcc:
	case 0xf4:
		return FLOW_END; // int3, hlt
	case 0xcd:
		d->at++;
		return FLOW_NEXT;
	case 0xe0:
	case 0xe1:
	case 0xe2:
	case 0xe3:
		return relative(d, e, insn, 1, FLOW_BRANCH);
	case 0xe8:
		relative(d, e, insn, 4, FLOW_CALL);
		if (insn->target == e->regs.pc + d->at) { // it pushes the program counter
			push(e, true, insn->target);
			return FLOW_NEXT;
		}
		return FLOW_CALL;
	case 0xe9:
		return relative(d, e, insn, 4, FLOW_JUMP);
	case 0xeb:
		return relative(d, e, insn, 1, FLOW_JUMP);
	default:
		// String instructions, and those of the flags.
		return (opcode >= 0xa4 && opcode <= 0xaf) || (opcode >= 0xf8 && opcode <= 0xfd)
			       ? FLOW_NEXT
			       : FLOW_BAD;
	}
}

static bool
is_prefix(struct decode *d, uint8_t byte)
{
	d->narrow |= byte == 0x66;
	d->other |= byte == 0x64 || byte == 0x65 || byte == 0x67;
	return byte == 0x66 || byte == 0xf2 || byte == 0xf3 || byte == 0x2e || byte == 0x36 ||
	       byte == 0x3e || byte == 0x26 || byte == 0x64 || byte == 0x65 || byte == 0xf0 ||
	       byte == 0x67;
}

static enum flow
decode(struct walk *w, struct decode *d, struct emulated *e, struct insn *insn)
{
	unsigned rex = 0;
	uint8_t opcode = next_byte(d);
	enum flow flow;

	while (is_prefix(d, opcode) && d->at < INSN_MAX) {
		opcode = next_byte(d);
	}
	if (opcode >> 4 == 4) {
		rex = opcode & 7;
		d->wide = (opcode & 8) != 0;
		opcode = next_byte(d);
	}
	if (opcode == 0x0f) {
		return decode_0f(d, e, insn, rex);
	}
	if (opcode == 0xc4 || opcode == 0xc5 || opcode == 0x62) {
		return decode_vex(d, opcode);
	}
	if (opcode == 0x8f && (byte_at(d, d->at) & 31) >= 8) {
		return FLOW_BAD; // XOP
	}
	if (opcode < 0x40) {
		return arithmetic(d, e, opcode, rex);
	}
	if (with_modrm(w, d, e, opcode, rex, &flow)) {
		return flow;
	}
	return decode_short(w, d, e, insn, opcode, rex);
}

enum flow
cpu_emulate(struct walk *w, struct emulated *e, const uint8_t code[INSN_MAX], struct insn *insn)
{
	struct decode d = {.code = code};
	enum flow flow = decode(w, &d, e, insn);

	insn->size = d.at;
	return d.at < INSN_MAX ? flow : FLOW_BAD;
}

bool
cpu_return_address(struct walk *w, const struct emulated *e, uint64_t *ra, uint64_t *sp)
{
	*sp = e->regs.reg[RCGO_DW_SP] + 8;
	return emulate_known(e, RCGO_DW_SP) && walk_word(w, *sp - 8, ra);
}

// push %rbp; mov %rsp, %rbp
bool
cpu_makes_frame(const uint8_t code[INSN_MAX])
{
	static const uint8_t endbr64[] = {0xf3, 0x0f, 0x1e, 0xfa};
	static const uint8_t prologue[] = {0x55, 0x48, 0x89, 0xe5};

	code += rcgo__arch_same(code, endbr64, sizeof endbr64) ? sizeof endbr64 : 0;
	return rcgo__arch_same(code, prologue, sizeof prologue);
}
