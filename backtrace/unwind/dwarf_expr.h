// SPDX-License-Identifier: BSD-3-Clause
// DWARF expressions (DWARF 5, section 2.5): operators, constants, and the stack machine that
// evaluates them.
#ifndef RCGO_DWARF_EXPR_H
#define RCGO_DWARF_EXPR_H

#include "cfi.h"
#include "stack_reader.h"

enum rcgo_dwarf_op {
	DW_OP_ADDR = 0x03,
	DW_OP_DEREF = 0x06,
	DW_OP_CONST1U = 0x08, // 1u 1s 2u 2s 4u 4s 8u 8s, in this order
	DW_OP_CONST8S = 0x0f,
	DW_OP_CONSTU = 0x10,
	DW_OP_CONSTS = 0x11,
	DW_OP_DUP = 0x12,
	DW_OP_DROP = 0x13,
	DW_OP_OVER = 0x14,
	DW_OP_PICK = 0x15,
	DW_OP_SWAP = 0x16,
	DW_OP_ROT = 0x17,
	DW_OP_ABS = 0x19,
	DW_OP_AND = 0x1a,
	DW_OP_DIV = 0x1b,
	DW_OP_MINUS = 0x1c,
	DW_OP_MOD = 0x1d,
	DW_OP_MUL = 0x1e,
	DW_OP_NEG = 0x1f,
	DW_OP_NOT = 0x20,
	DW_OP_OR = 0x21,
	DW_OP_PLUS = 0x22,
	DW_OP_PLUS_UCONST = 0x23,
	DW_OP_SHL = 0x24,
	DW_OP_SHR = 0x25,
	DW_OP_SHRA = 0x26,
	DW_OP_XOR = 0x27,
	DW_OP_BRA = 0x28,
	DW_OP_EQ = 0x29,
	DW_OP_GE = 0x2a,
	DW_OP_GT = 0x2b,
	DW_OP_LE = 0x2c,
	DW_OP_LT = 0x2d,
	DW_OP_NE = 0x2e,
	DW_OP_SKIP = 0x2f,
	DW_OP_LIT0 = 0x30,
	DW_OP_REG0 = 0x50,
	DW_OP_BREG0 = 0x70,
	DW_OP_BREG31 = 0x8f,
	DW_OP_BREGX = 0x92,
	DW_OP_DEREF_SIZE = 0x94,
	DW_OP_NOP = 0x96,
};

// Reads the constant that op pushes. Returns false if op does not push a constant.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_expr_constant(uint8_t op, struct rcgo_cursor *c, uint64_t *value);

// Evaluates an operator of two values; a is below b on the stack. Returns false if op is not such
// an operator or divides by 0.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_expr_binary(uint8_t op, uint64_t a, uint64_t b, uint64_t *result);

// The registers of a frame.
struct rcgo_frame_regs {
	uintptr_t pc;
	uintptr_t reg[RCGO_DW_REGS];
	uint64_t known; // bit i: reg[i] is known
};
_Static_assert(RCGO_DW_REGS <= 64, "known");

// Evaluates the expression at expr with the registers in regs. The expression starts with its
// length and ends before end. If first is not NULL, *first is on the stack at the start. Returns
// false if the expression is invalid, needs an unknown register, or reads unreadable memory.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__dwarf_expr_run(const uint8_t *expr, const uint8_t *end,
	const struct rcgo_frame_regs *regs, const uintptr_t *first,
	struct rcgo_stack_reader *reader, uintptr_t *result);

#endif // RCGO_DWARF_EXPR_H
