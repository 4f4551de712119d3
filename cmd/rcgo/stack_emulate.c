// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: frames of functions without unwind information, such as those of musl. The function's
// instructions are followed from the current one to a return, along all branches; calls are stepped
// over. A return address is accepted if it follows a call.
#include "stack_emulate.h"

#include <string.h>

#define INSNS_MAX 6000 // that are looked at for one frame
#define BRANCHES_MAX 24
#define SEEN_BITS 10
#define RETURNS_MAX 16
#define FUNCTION_MAX ((uint64_t)64 << 10)
#define FRAME_SEARCH ((uint64_t)16 << 10)
#define SEARCH_WORDS 1024
#define ENTRIES_MAX 8
#define FIRST_PAGE 4096

struct search {
	struct walk *w;
	struct emulated branch[BRANCHES_MAX]; // not followed yet
	unsigned branches;
	uint64_t seen[1 << SEEN_BITS];
	unsigned insns, returns;
	bool complete;	// so far every path was followed to its end
	uint64_t until; // 0, or the instruction that is searched for instead of a return
	bool reached;	// until, in the state at
	struct emulated at;
	enum call call; // before best.pc
	struct rcgo_frame_regs best;
};

void
emulate_set(struct emulated *e, unsigned reg, bool known, uint64_t value)
{
	e->regs.reg[reg] = value;
	e->regs.known = (e->regs.known & ~BIT(reg)) | (known ? BIT(reg) : 0);
}

bool
emulate_known(const struct emulated *e, unsigned reg)
{
	return (e->regs.known & BIT(reg)) != 0;
}

void
emulate_add(struct emulated *e, unsigned to, unsigned from, uint64_t n)
{
	emulate_set(e, to, emulate_known(e, from), e->regs.reg[from] + n);
}

void
emulate_load(struct walk *w, struct emulated *e, unsigned reg, unsigned base, uint64_t offset)
{
	uint64_t at = e->regs.reg[base] + offset;
	uint64_t value = 0;
	bool known;

	if (!emulate_known(e, base)) {
		emulate_set(e, reg, false, 0);
		return;
	}
	for (unsigned i = 0; i < e->stores; i++) {
		if (e->stored[i].at == at) {
			emulate_set(e, reg, e->stored[i].known, e->stored[i].value);
			return;
		}
	}
	known = walk_word(w, at, &value);
	emulate_set(e, reg, known, value);
}

void
emulate_store(struct emulated *e, unsigned base, uint64_t offset, bool known, uint64_t value)
{
	uint64_t at = e->regs.reg[base] + offset;
	unsigned i = 0;

	if (!emulate_known(e, base)) {
		return;
	}
	while (i < e->stores && e->stored[i].at != at) {
		i++;
	}
	if (i < STORED_MAX) {
		e->stored[i].at = at;
		e->stored[i].value = value;
		e->stored[i].known = known;
		e->stores += i == e->stores;
	}
}

// Returns whether pc is new. If there is no room to tell, it is not.
static bool
first_time(struct search *s, uint64_t pc)
{
	uint64_t i = pc * 0x9e3779b97f4a7c15u >> (64 - SEEN_BITS);

	for (unsigned n = 0; n < 16; n++, i = (i + 1) % (1 << SEEN_BITS)) {
		if (s->seen[i] == pc) {
			return false;
		}
		if (s->seen[i] == 0) {
			s->seen[i] = pc;
			return true;
		}
	}
	s->complete = false;
	return false;
}

// Returns which call is before ra, for the function that contains the walk's pc. Another function
// may have jumped to this one instead of calling it.
static enum call
call_before(struct walk *w, uint64_t ra)
{
	uint64_t pc = w->regs.pc;

	return unwind_call_before(w, ra, pc < FUNCTION_MAX ? 0 : pc - FUNCTION_MAX, pc);
}

static void
consider_return(struct search *s, const struct emulated *e)
{
	uint64_t ra, sp;
	enum call call;

	s->returns++;
	if (s->until != 0 || !cpu_return_address(s->w, e, &ra, &sp)) {
		return;
	}
	call = sp < s->w->regs.reg[RCGO_DW_SP] ? CALL_NONE : call_before(s->w, ra);
	if (call > s->call) {
		s->call = call;
		s->best = e->regs;
		s->best.pc = ra;
		s->best.reg[RCGO_DW_SP] = sp;
	}
}

static bool
search_goes_on(const struct search *s)
{
	return !s->reached && s->call < CALL_DIRECT && s->returns < RETURNS_MAX;
}

// Follows one path up to its end, and notes its branches.
static void
follow(struct search *s, struct emulated *e)
{
	while (search_goes_on(s) && first_time(s, e->regs.pc)) {
		uint8_t code[INSN_MAX] = {0};
		struct insn insn = {0};
		enum flow flow;

		if (e->regs.pc == s->until) {
			s->reached = true;
			s->at = *e;
			return;
		}
		if (s->insns++ >= INSNS_MAX ||
			(!walk_code(s->w, e->regs.pc, code, sizeof code) &&
				!walk_code(s->w, e->regs.pc, code, RCGO_CALL_SIZE))) {
			s->complete = false;
			return;
		}
		flow = cpu_emulate(s->w, e, code, &insn);
		switch (flow) {
		case FLOW_RETURN:
		case FLOW_JUMP_UNKNOWN:
			consider_return(s, e);
			s->complete &= flow == FLOW_RETURN;
			return;
		case FLOW_END:
			return;
		case FLOW_BAD:
			s->complete = false;
			return;
		case FLOW_JUMP:
			e->regs.pc = insn.target;
			continue;
		case FLOW_BRANCH:
			if (s->branches == BRANCHES_MAX) {
				s->complete = false;
			} else {
				s->branch[s->branches] = *e;
				s->branch[s->branches++].regs.pc = insn.target;
			}
			break;
		default:
			break;
		}
		e->regs.pc += insn.size;
	}
}

// Follows all paths from the state in regs, to the instruction until, or to returns if it is 0.
static void
search_from(struct search *s, const struct rcgo_frame_regs *regs, uint64_t until)
{
	struct emulated e;

	s->branches = 1;
	s->branch[0] = (struct emulated){.regs = *regs};
	s->insns = s->returns = 0;
	s->complete = true;
	s->until = until;
	s->reached = false;
	s->call = CALL_NONE;
	memset(s->seen, 0, sizeof s->seen);
	while (s->branches > 0 && search_goes_on(s)) {
		e = s->branch[--s->branches];
		follow(s, &e);
	}
}

// For functions of which no way leads to a return, or none without the frame pointer, which is not
// known: follows the instructions from the first one to pc. Each register begins with a value that
// tells which it is, so that the places where the function has saved them are found.
#define TAG ((uint64_t)0x5eed << 48)
#define ENTRY_SP ((uint64_t)1 << 62)

// Stores in best the registers of the caller of the function at entry, with this stack pointer at
// entry: those that the function has saved, and those that it has not changed.
static void
restore_saved(struct search *s, uint64_t entry_sp)
{
	struct walk *w = s->w;
	uint64_t value;

	s->best = w->regs;
	for (unsigned i = s->at.stores; i-- > 0;) {
		uint64_t reg = s->at.stored[i].value - TAG;

		if (s->at.stored[i].known && reg < RCGO_DW_REGS &&
			walk_word(w, entry_sp - (ENTRY_SP - s->at.stored[i].at), &value)) {
			s->best.reg[reg] = value;
			s->best.known |= BIT(reg);
		}
	}
	s->best.reg[RCGO_DW_SP] = entry_sp;
}

// Follows the function from its first instruction to pc. If at is not 0, that must be the place of
// the return address.
static bool
from_entry(struct search *s, uint64_t entry, uint64_t at)
{
	struct walk *w = s->w;
	struct rcgo_frame_regs regs = {.pc = entry, .known = ~(uint64_t)0};
	struct emulated start;
	uint64_t ra, sp;

	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		regs.reg[i] = TAG + i;
	}
	regs.reg[RCGO_DW_SP] = ENTRY_SP;
	search_from(s, &regs, w->regs.pc);
	if (!s->reached || !emulate_known(&s->at, RCGO_DW_SP)) {
		return false;
	}
	restore_saved(s, w->regs.reg[RCGO_DW_SP] + ENTRY_SP - s->at.regs.reg[RCGO_DW_SP]);
	start.regs = s->best;
	if (!cpu_return_address(w, &start, &ra, &sp) ||
		(at != 0 && at != s->best.reg[RCGO_DW_SP])) {
		return false;
	}
	s->call = call_before(w, ra);
	s->best.pc = ra;
	s->best.reg[RCGO_DW_SP] = sp;
	return s->call != CALL_NONE;
}

// Tries the nearest function before pc that makes a frame with frame pointer, and functions that
// callers on the stack have called.
static bool
from_entries(struct search *s)
{
	struct walk *w = s->w;
	uint64_t pc = w->regs.pc, sp = w->regs.reg[RCGO_DW_SP] & ~(uint64_t)7;
	uint8_t code[INSN_MAX];
	uint64_t ra, target;
	unsigned tries = 0;

	for (uint64_t back = RCGO_PC_ALIGN; back < FRAME_SEARCH && back < pc;
		back += RCGO_PC_ALIGN) {
		if (walk_code(w, pc - back, code, sizeof code) && cpu_makes_frame(code)) {
			if (from_entry(s, pc - back, 0)) {
				return true;
			}
			break;
		}
	}
	for (uint64_t at = sp; tries < ENTRIES_MAX && at < sp + (uint64_t)8 * SEARCH_WORDS;
		at += 8) {
		if (!walk_word(w, at, &ra)) {
			break;
		}
		if (ra < FIRST_PAGE || call_before(w, ra) != CALL_DIRECT ||
			!unwind_call_target(w, ra, &target) || target > pc ||
			pc - target >= FUNCTION_MAX) {
			continue;
		}
		tries++;
		if (from_entry(s, target, RCGO_HAS_LR ? 0 : at)) {
			return true;
		}
	}
	return false;
}

// Reports whether the frame is of a function that a pointer called and that no way leads back from:
// the first one of a thread.
static bool
is_first(struct walk *w, const struct search *s)
{
	uint8_t before[RCGO_CALL_SIZE];
	uintptr_t target;

	return !w->exact && s->complete && s->returns == 0 &&
	       walk_code(w, w->regs.pc - sizeof before, before, sizeof before) &&
	       rcgo__arch_is_call(before) && !rcgo__arch_call_target(before, w->regs.pc, &target);
}

enum c_end
unwind_emulate(struct walk *w)
{
	struct search *s = w->search;
	bool first;

	if (s == NULL) {
		s = w->search = xalloc(sizeof *s);
	}
	s->w = w;
	search_from(s, &w->regs, 0);
	first = is_first(w, s);
	if (s->call == CALL_NONE && !from_entries(s)) {
		return first ? C_OUTERMOST : C_LOST;
	}
	w->regs = s->best;
	w->regs.known &= cpu_kept;
	w->exact = false;
	return C_GO;
}
