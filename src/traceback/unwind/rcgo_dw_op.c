// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: DWARF expressions. Runs anywhere.

#include "rcgo_dw_op.h"

bool
rcgo__dw_constant(uint8_t op, struct rcgo_cursor *c, uint64_t *value)
{
	if (op >= RCGO_OP_LIT0 && op < RCGO_OP_REG0) {
		*value = (uint64_t)(op - RCGO_OP_LIT0);
	} else if (op >= RCGO_OP_CONST1U && op <= RCGO_OP_CONST8S) {
		unsigned size = 1U << ((op - RCGO_OP_CONST1U) / 2);

		*value = (op & 1) != 0 ? (uint64_t)rcgo__cursor_signed(c, size)
				       : rcgo__cursor_fixed(c, size);
	} else if (op == RCGO_OP_CONSTU) {
		*value = rcgo__cursor_uleb(c);
	} else if (op == RCGO_OP_CONSTS) {
		*value = (uint64_t)rcgo__cursor_sleb(c);
	} else if (op == RCGO_OP_ADDR) {
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
	case RCGO_OP_EQ:
		*result = a == b;
		return true;
	case RCGO_OP_GE:
		*result = a >= b;
		return true;
	case RCGO_OP_GT:
		*result = a > b;
		return true;
	case RCGO_OP_LE:
		*result = a <= b;
		return true;
	case RCGO_OP_LT:
		*result = a < b;
		return true;
	case RCGO_OP_NE:
		*result = a != b;
		return true;
	default:
		return false;
	}
}

bool
rcgo__dw_binary(uint8_t op, uint64_t a, uint64_t b, uint64_t *result)
{
	bool wrong = b == 0 || (b == UINT64_MAX && a == (uint64_t)1 << 63);

	switch (op) {
	case RCGO_OP_AND:
		*result = a & b;
		return true;
	case RCGO_OP_DIV:
		*result = wrong ? 0 : (uint64_t)((int64_t)a / (int64_t)b);
		return !wrong;
	case RCGO_OP_MINUS:
		*result = a - b;
		return true;
	case RCGO_OP_MOD:
		*result = b == 0 ? 0 : a % b;
		return b != 0;
	case RCGO_OP_MUL:
		*result = a * b;
		return true;
	case RCGO_OP_OR:
		*result = a | b;
		return true;
	case RCGO_OP_PLUS:
		*result = a + b;
		return true;
	case RCGO_OP_SHL:
		*result = b < 64 ? a << b : 0;
		return true;
	case RCGO_OP_SHR:
		*result = b < 64 ? a >> b : 0;
		return true;
	case RCGO_OP_SHRA:
		*result = (uint64_t)((int64_t)a >> (b < 64 ? b : 63));
		return true;
	case RCGO_OP_XOR:
		*result = a ^ b;
		return true;
	default:
		return dw_compare(op, (int64_t)a, (int64_t)b, result);
	}
}
