// SPDX-License-Identifier: BSD-3-Clause
// Evaluates DWARF expressions. Safe in signal handlers, on any stack.

//rcgo:small

#include "dwarf_expr.h"

#include "safe_read.h"

bool
rcgo__dwarf_expr_constant(uint8_t op, struct rcgo_cursor *c, uint64_t *value)
{
	if (op >= DW_OP_LIT0 && op < DW_OP_REG0) {
		*value = (uint64_t)(op - DW_OP_LIT0);
	} else if (op >= DW_OP_CONST1U && op <= DW_OP_CONST8S) {
		unsigned size = 1U << ((op - DW_OP_CONST1U) / 2);

		*value = (op & 1) != 0 ? (uint64_t)rcgo__cursor_signed(c, size)
				       : rcgo__cursor_fixed(c, size);
	} else if (op == DW_OP_CONSTU) {
		*value = rcgo__cursor_uleb(c);
	} else if (op == DW_OP_CONSTS) {
		*value = (uint64_t)rcgo__cursor_sleb(c);
	} else if (op == DW_OP_ADDR) {
		*value = rcgo__cursor_fixed(c, RCGO_WORD_SIZE);
	} else {
		return false;
	}
	return true;
}

static bool
dw_compare(uint8_t op, int64_t a, int64_t b, uint64_t *result)
{
	switch (op) {
	case DW_OP_EQ:
		*result = a == b;
		return true;
	case DW_OP_GE:
		*result = a >= b;
		return true;
	case DW_OP_GT:
		*result = a > b;
		return true;
	case DW_OP_LE:
		*result = a <= b;
		return true;
	case DW_OP_LT:
		*result = a < b;
		return true;
	case DW_OP_NE:
		*result = a != b;
		return true;
	default:
		return false;
	}
}

bool
rcgo__dwarf_expr_binary(uint8_t op, uint64_t a, uint64_t b, uint64_t *result)
{
	bool wrong = b == 0 || (b == UINT64_MAX && a == (uint64_t)1 << 63);

	switch (op) {
	case DW_OP_AND:
		*result = a & b;
		return true;
	case DW_OP_DIV:
		*result = wrong ? 0 : (uint64_t)((int64_t)a / (int64_t)b);
		return !wrong;
	case DW_OP_MINUS:
		*result = a - b;
		return true;
	case DW_OP_MOD:
		*result = b == 0 ? 0 : a % b;
		return b != 0;
	case DW_OP_MUL:
		*result = a * b;
		return true;
	case DW_OP_OR:
		*result = a | b;
		return true;
	case DW_OP_PLUS:
		*result = a + b;
		return true;
	case DW_OP_SHL:
		*result = b < 64 ? a << b : 0;
		return true;
	case DW_OP_SHR:
		*result = b < 64 ? a >> b : 0;
		return true;
	case DW_OP_SHRA:
		*result = (uint64_t)((int64_t)a >> (b < 64 ? b : 63));
		return true;
	case DW_OP_XOR:
		*result = a ^ b;
		return true;
	default:
		return dw_compare(op, (int64_t)a, (int64_t)b, result);
	}
}

// The stack machine.

#define STACK_MAX 32
// A longer evaluation is treated as an error: bra and skip can form an endless loop.
#define STEPS_MAX 1024

struct dw_machine {
	struct rcgo_cursor c;
	const uint8_t *start;
	const struct rcgo_frame_regs *regs;
	struct rcgo_stack_reader *reader;
	uintptr_t stack[STACK_MAX];
	unsigned depth;
};

static void
dw_push(struct dw_machine *m, uintptr_t value)
{
	if (m->depth < STACK_MAX) {
		m->stack[m->depth++] = value;
	} else {
		m->c.bad = true;
	}
}

static uintptr_t
dw_pop(struct dw_machine *m)
{
	if (m->depth > 0) {
		return m->stack[--m->depth];
	}
	m->c.bad = true;
	return 0;
}

// Pushes a copy of the value at this depth below the top.
static void
dw_pick(struct dw_machine *m, uint64_t below)
{
	if (below < m->depth) {
		dw_push(m, m->stack[m->depth - 1 - below]);
	} else {
		m->c.bad = true;
	}
}

static void
dw_push_reg(struct dw_machine *m, uint64_t reg)
{
	uintptr_t offset = (uintptr_t)rcgo__cursor_sleb(&m->c);

	if (reg == RCGO_DW_PC) {
		dw_push(m, m->regs->pc + offset);
	} else if (reg < RCGO_DW_REGS && (m->regs->known >> reg & 1) != 0) {
		dw_push(m, m->regs->reg[reg] + offset);
	} else {
		m->c.bad = true;
	}
}

static void
dw_load(struct dw_machine *m, unsigned size)
{
	uintptr_t value = 0;
	size_t place = RCGO_BIG_ENDIAN && size < sizeof value ? sizeof value - size : 0;

	m->c.bad |= !rcgo__stack_reader_bytes(m->reader, dw_pop(m), (char *)&value + place, size);
	dw_push(m, value);
}

static void
dw_jump(struct dw_machine *m, bool taken)
{
	int64_t by = rcgo__cursor_signed(&m->c, 2);

	if (taken && by >= m->start - m->c.at && by <= m->c.end - m->c.at) {
		m->c.at += by;
	} else if (taken) {
		m->c.bad = true;
	}
}

// Executes swap, or rot, which moves the top below the next two values.
static void
dw_shuffle(struct dw_machine *m, uint8_t op)
{
	uintptr_t a = dw_pop(m);
	uintptr_t b = dw_pop(m);

	if (op == DW_OP_SWAP) {
		dw_push(m, a);
		dw_push(m, b);
	} else {
		uintptr_t third = dw_pop(m);

		dw_push(m, a);
		dw_push(m, third);
		dw_push(m, b);
	}
}

static void
dw_unary(struct dw_machine *m, uint8_t op)
{
	uintptr_t a = dw_pop(m);

	if (op == DW_OP_NOT) {
		dw_push(m, ~a);
	} else {
		dw_push(m, op == DW_OP_NEG || (intptr_t)a < 0 ? -a : a);
	}
}

static void
dw_step_other(struct dw_machine *m, uint8_t op)
{
	uint64_t result = 0;
	uintptr_t a, b;

	switch (op) {
	case DW_OP_PLUS_UCONST:
		dw_push(m, dw_pop(m) + (uintptr_t)rcgo__cursor_uleb(&m->c));
		break;
	case DW_OP_BRA:
		a = dw_pop(m);
		dw_jump(m, a != 0);
		break;
	case DW_OP_SKIP:
		dw_jump(m, true);
		break;
	case DW_OP_ABS:
	case DW_OP_NEG:
	case DW_OP_NOT:
		dw_unary(m, op);
		break;
	case DW_OP_NOP:
		break;
	default:
		b = dw_pop(m);
		a = dw_pop(m);
		m->c.bad |= !rcgo__dwarf_expr_binary(op, a, b, &result);
		dw_push(m, (uintptr_t)result);
	}
}

static void
dw_step(struct dw_machine *m, uint8_t op)
{
	uint64_t n = 0;

	if (rcgo__dwarf_expr_constant(op, &m->c, &n)) {
		dw_push(m, (uintptr_t)n);
		return;
	}
	if (op >= DW_OP_BREG0 && op <= DW_OP_BREG31) {
		dw_push_reg(m, op - DW_OP_BREG0);
		return;
	}
	switch (op) {
	case DW_OP_BREGX:
		dw_push_reg(m, rcgo__cursor_uleb(&m->c));
		break;
	case DW_OP_DEREF:
		dw_load(m, RCGO_WORD_SIZE);
		break;
	case DW_OP_DEREF_SIZE:
		dw_load(m, (unsigned)rcgo__cursor_fixed(&m->c, 1));
		break;
	case DW_OP_DUP:
		dw_pick(m, 0);
		break;
	case DW_OP_DROP:
		dw_pop(m);
		break;
	case DW_OP_OVER:
		dw_pick(m, 1);
		break;
	case DW_OP_PICK:
		dw_pick(m, rcgo__cursor_fixed(&m->c, 1));
		break;
	case DW_OP_SWAP:
	case DW_OP_ROT:
		dw_shuffle(m, op);
		break;
	default:
		dw_step_other(m, op);
	}
}

bool
rcgo__dwarf_expr_run(const uint8_t *expr, const uint8_t *end, const struct rcgo_frame_regs *regs,
	const uintptr_t *first, struct rcgo_stack_reader *reader, uintptr_t *result)
{
	struct dw_machine m;
	uint64_t size;

	m.c = rcgo__cursor(expr, end);
	m.regs = regs;
	m.reader = reader;
	m.depth = 0;
	size = rcgo__cursor_uleb(&m.c);
	if (m.c.bad || size > (uint64_t)(end - m.c.at)) {
		return false;
	}
	m.start = m.c.at;
	m.c.end = m.c.at + size;
	if (first != NULL) {
		dw_push(&m, *first);
	}
	for (unsigned steps = 0; m.c.at < m.c.end && !m.c.bad; steps++) {
		if (steps >= STEPS_MAX) {
			return false;
		}
		dw_step(&m, (uint8_t)rcgo__cursor_fixed(&m.c, 1));
	}
	*result = dw_pop(&m);
	return !m.c.bad;
}
