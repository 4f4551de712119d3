// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: follows the instructions of a function to its return. The stack pointer there is the
// place of the return address, and the registers that were restored on the way are the caller's.
#ifndef STACK_EMULATE_H
#define STACK_EMULATE_H

#include "stack_joint.h"

#define INSN_MAX 16
#define STORED_MAX 48

// The state at an instruction on the way to the return. Only values from which the stack pointer is
// computed, and registers that are copied, saved or restored, are followed.
struct emulated {
	struct rcgo_frame_regs regs;
	// What the function has pushed or stored since the first instruction of the path. A value
	// of another register of the caller's may be unknown.
	struct {
		uint64_t at, value;
		bool known;
	} stored[STORED_MAX];
	unsigned stores;
};

enum flow {
	FLOW_NEXT,
	FLOW_CALL,	   // and then the next instruction
	FLOW_BRANCH,	   // to the target, or the next instruction
	FLOW_JUMP,	   // to the target
	FLOW_JUMP_UNKNOWN, // to a function that returns in place of this one, or within a switch
	FLOW_RETURN,
	FLOW_END, // a trap: no instruction follows
	FLOW_BAD, // not an instruction
};

struct insn {
	unsigned size;
	uint64_t target;
};

// stack_insn_*.c: applies the instruction at e->regs.pc, whose bytes are in code, to e, except for
// the program counter.
enum flow cpu_emulate(
	struct walk *w, struct emulated *e, const uint8_t code[INSN_MAX], struct insn *insn);
// At FLOW_RETURN and FLOW_JUMP_UNKNOWN: stores the return address, and the stack pointer after the
// return.
bool cpu_return_address(struct walk *w, const struct emulated *e, uint64_t *ra, uint64_t *sp);
// Reports whether the code is the beginning of a function that makes a frame with frame pointer.
bool cpu_makes_frame(const uint8_t code[INSN_MAX]);

// The registers that a function does not change for its caller.
extern const uint64_t cpu_kept;

// For cpu_emulate: the registers and the memory of the state.
void emulate_set(struct emulated *e, unsigned reg, bool known, uint64_t value);
bool emulate_known(const struct emulated *e, unsigned reg);
void emulate_add(struct emulated *e, unsigned to, unsigned from, uint64_t n);
void emulate_load(struct walk *w, struct emulated *e, unsigned reg, unsigned base, uint64_t offset);
void emulate_store(struct emulated *e, unsigned base, uint64_t offset, bool known, uint64_t value);

// Unwinds a frame without unwind information in this way. Returns C_GO for success, C_OUTERMOST for
// a function that never returns and was called through a pointer, such as the first one of a
// thread; else C_LOST, and w is as before.
enum c_end unwind_emulate(struct walk *w);

#endif // STACK_EMULATE_H
