// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the C frames of another process's stack. The rules come from backtrace/unwind, which
// reads the objects' files; the stack itself is read through the walk.
#include "stack_emulate.h"

#include <string.h>

#include "cfi.h"
#include "debug_frame.h"

#define ALL_KNOWN (~(uint64_t)0 >> (64 - RCGO_DW_REGS))

bool
walk_word(struct walk *w, uint64_t address, uint64_t *word)
{
	return thread_read(w->t, w->th, address, word, sizeof *word, &w->late);
}

// The reader for the machine that runs DWARF expressions. Its memory is the first member of a walk.
bool
rcgo__stack_reader_bytes(
	struct rcgo_stack_reader *memory, uintptr_t address, void *value, size_t size)
{
	struct walk *w = (struct walk *)(void *)memory;

	return size <= sizeof(uint64_t) && thread_read(w->t, w->th, address, value, size, &w->late);
}

// Code is read from the file, if there is one.
bool
walk_code(struct walk *w, uint64_t address, void *to, size_t size)
{
	struct module *m = module_find(w->t, address);
	struct rcgo_bytes bytes;
	bool late = false;

	if (m != NULL && module_open(w->t, m)) {
		bytes = module_bytes(m, address);
		if (bytes.size < size) {
			return false;
		}
		memcpy(to, bytes.at, size);
		return true;
	}
	return thread_read(w->t, w->th, address, to, size, &late);
}

void
walk_push(struct walk *w, uint64_t pc, enum frame_lang lang)
{
	if (w->n < FRAMES_MAX) {
		struct module *m = module_find(w->t, pc);

		w->frame[w->n++] = (struct frame){pc, lang, NULL, m};
		w->strange |= m == NULL;
	}
}

void
walk_note(struct walk *w, const char *note)
{
	if (w->n < FRAMES_MAX) {
		w->frame[w->n++] = (struct frame){.lang = FRAME_NOTE, .note = note};
	}
}

// Continues with the registers that the signal of a handler interrupted.
bool
unwind_signal(struct walk *w, uint64_t ucontext)
{
	struct rcgo_frame_regs to = {.known = ALL_KNOWN};

	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (!walk_word(w, ucontext + cpu_ucontext_reg[i], &to.reg[i])) {
			return false;
		}
	}
	if (!walk_word(w, ucontext + cpu_ucontext_pc, &to.pc)) {
		return false;
	}
	w->regs = to;
	w->exact = true;
	return true;
}

// The function of a frame, and its unwind information.
struct step {
	struct module *module;
	struct rcgo_fde fde;
	struct rcgo_cfi_row row;
	uintptr_t cfa;
};

static bool
find_row(struct walk *w, struct step *s, struct module *m, uint64_t pc, bool *lasting)
{
	struct rcgo_cfi_area area = {.nodelete = true};
	struct rcgo_debug_frame found;
	uintptr_t local;

	s->module = m;
	if (m == NULL || !module_open(w->t, m)) {
		return false;
	}
	area.start = (uintptr_t)m->image;
	area.end = area.start + m->image_size;
	local = area.start + (uintptr_t)(pc - m->bias - m->base);
	*lasting = m->eh_frame_hdr != 0 && rcgo__cfi_find(&area, m->eh_frame_hdr,
						   m->eh_frame_hdr_size, local, &s->fde, NULL);
	if (*lasting) {
		return rcgo__cfi_row(&s->fde, local, false, &s->row);
	}
	if (!rcgo__debug_frame_find(&(struct rcgo_module){.start = area.start,
					    .end = area.end,
					    .bias = area.start - (uintptr_t)m->base,
					    .key = (uintptr_t)m},
		    local, &found)) {
		return false;
	}
	area.start = found.start;
	area.end = found.end;
	area.debug_frame = found.loaded ? 0 : found.start;
	area.bias = found.loaded ? 0 : (uintptr_t)m->image - (uintptr_t)m->base;
	return rcgo__cfi_parse(&area, found.fde, &s->fde, NULL) &&
	       rcgo__cfi_row(&s->fde, local, false, &s->row);
}

// Many threads have the same frames. The rules are those of an object's file, which does not
// change.
#define CACHED_BITS 8
#define CACHED_SPREAD 0x9e3779b97f4a7c15u
struct step_cache {
	struct {
		uint64_t pc;
		struct step step; // its module is NULL: none
	} at[1 << CACHED_BITS];
};

static bool
cached_row(struct walk *w, struct step *s, uint64_t pc)
{
	struct module *m = module_find(w->t, pc);
	size_t i = pc * CACHED_SPREAD >> (64 - CACHED_BITS);
	bool lasting;

	if (w->steps == NULL) {
		w->steps = xalloc(sizeof *w->steps);
	}
	if (m == NULL || w->steps->at[i].pc != pc || w->steps->at[i].step.module != m) {
		if (!find_row(w, s, m, pc, &lasting)) {
			return false;
		}
		if (!lasting) {
			return true;
		}
		w->steps->at[i].pc = pc;
		w->steps->at[i].step = *s;
	}
	*s = w->steps->at[i].step;
	return true;
}

static const uint8_t *
end_of(const struct rcgo_fde *fde, const uint8_t *expr)
{
	return expr >= fde->cie_ops && expr < fde->cie_end ? fde->cie_end : fde->fde_end;
}

// Returns where the function begins in the target.
static uint64_t
function_start(const struct step *s)
{
	return s->fde.start - (uintptr_t)s->module->image + s->module->bias + s->module->base;
}

// An expression that computes with its own address gets the address in the image. No expression for
// which that matters does so.
static bool
find_cfa(struct walk *w, struct step *s)
{
	const struct rcgo_cfi_row *row = &s->row;

	if (row->cfa_expr != NULL) {
		return rcgo__dwarf_expr_run(row->cfa_expr, end_of(&s->fde, row->cfa_expr), &w->regs,
			NULL, &w->memory, &s->cfa);
	}
	if (row->cfa_reg >= RCGO_DW_REGS) {
		return false;
	}
	if ((w->regs.known & BIT(row->cfa_reg)) == 0) {
		uint64_t fp;

		if (row->cfa_reg != RCGO_DW_FP || row->reg_rule[RCGO_DW_FP] != RCGO_RULE_OFFSET ||
			!unwind_solve(w, function_start(s), &fp)) {
			return false;
		}
		w->regs.reg[RCGO_DW_FP] = fp;
		w->regs.known |= BIT(RCGO_DW_FP);
	}
	s->cfa = w->regs.reg[row->cfa_reg] + (uintptr_t)row->cfa_offset;
	return true;
}

// Stores the caller's register reg. Returns false if it cannot be known.
static bool
find_register(struct walk *w, struct step *s, unsigned reg, uint64_t *value)
{
	int32_t n = s->row.value[reg];
	const uint8_t *expr = s->fde.fde_ops + n;
	uintptr_t at = s->cfa + (uintptr_t)(intptr_t)n;

	switch (s->row.reg_rule[reg]) {
	case RCGO_RULE_SAME:
		*value = w->regs.reg[reg];
		return (w->regs.known & BIT(reg)) != 0;
	case RCGO_RULE_OFFSET:
		return walk_word(w, at, value);
	case RCGO_RULE_VAL_OFFSET:
		*value = at;
		return true;
	case RCGO_RULE_REGISTER:
		*value = (uint32_t)n < RCGO_DW_REGS ? w->regs.reg[n] : 0;
		return (uint32_t)n < RCGO_DW_REGS && (w->regs.known & BIT(n)) != 0;
	case RCGO_RULE_EXPR:
		return rcgo__dwarf_expr_run(
			       expr, end_of(&s->fde, expr), &w->regs, &s->cfa, &w->memory, &at) &&
		       walk_word(w, at, value);
	case RCGO_RULE_VAL_EXPR:
		return rcgo__dwarf_expr_run(
			expr, end_of(&s->fde, expr), &w->regs, &s->cfa, &w->memory, value);
	default: // RCGO_RULE_UNDEFINED
		return false;
	}
}

// Returns whether the function keeps its return address in a register that the kernel does not
// report, and the address can be found.
static bool
find_return(struct walk *w, const struct step *s, uint64_t *value)
{
	return RCGO_HAS_LR && w->exact && s->row.reg_rule[s->fde.ra] == RCGO_RULE_SAME &&
	       unwind_find_caller(w, function_start(s), s->cfa, value);
}

// Unwinds to the caller by the row of pc.
static enum c_end
apply_row(struct walk *w, struct step *s)
{
	uint32_t ra = s->fde.ra;
	uint64_t sp = w->regs.reg[RCGO_DW_SP];
	struct rcgo_frame_regs to = {0};

	if (ra >= RCGO_DW_REGS || s->row.reg_rule[ra] == RCGO_RULE_UNDEFINED) {
		return C_OUTERMOST;
	}
	if (!find_cfa(w, s)) {
		return C_LOST;
	}
	for (unsigned i = 0; i < RCGO_DW_REGS; i++) {
		if (i == RCGO_DW_SP && s->row.reg_rule[i] == RCGO_RULE_SAME) {
			to.reg[i] = s->cfa;
			to.known |= BIT(i);
		} else if (find_register(w, s, i, &to.reg[i])) {
			to.known |= BIT(i);
		}
	}
	if ((to.known & BIT(ra)) == 0 && find_return(w, s, &to.reg[ra])) {
		to.known |= BIT(ra);
	}
	if ((to.known & BIT(ra)) == 0 || (to.known & BIT(RCGO_DW_SP)) == 0) {
		return C_LOST;
	}
	to.pc = rcgo__arch_strip(to.reg[ra]);
	// Only longjmp and similar functions, in the innermost frame, change to another stack.
	if (!w->exact && to.reg[RCGO_DW_SP] <= sp) {
		return C_LOST;
	}
	w->regs = to;
	w->exact = s->fde.signal_frame;
	return to.pc == 0 ? C_OUTERMOST : C_GO;
}

bool
unwind_step(struct walk *w, uint64_t *start)
{
	struct step s;

	if (!cached_row(w, &s, w->regs.pc - !w->exact) || apply_row(w, &s) != C_GO) {
		return false;
	}
	*start = function_start(&s);
	return true;
}

static bool
is_sigreturn(struct walk *w)
{
	uint8_t code[RCGO_SIGRETURN_SIZE];

	return walk_code(w, w->regs.pc, code, sizeof code) && rcgo__arch_is_sigreturn(code);
}

// Unwinds one frame. Returns C_GO for success.
static enum c_end
step_c(struct walk *w)
{
	struct step s;
	enum c_end end = C_LOST;

	if (cached_row(w, &s, w->regs.pc - !w->exact)) {
		return apply_row(w, &s);
	}
	// Code of a just-in-time compiler keeps frame pointers rather than to the conventions.
	if (w->frame[w->n - 1].module != NULL) {
		end = unwind_emulate(w);
	}
	if (end != C_LOST || unwind_heuristic(w)) {
		return end != C_LOST ? end : C_GO;
	}
	// The C library's assembly that starts a thread has no frame pointer by convention, and in
	// some libraries no unwind information.
	if ((w->regs.known & BIT(RCGO_DW_FP)) != 0 && w->regs.reg[RCGO_DW_FP] == 0) {
		return C_OUTERMOST;
	}
	w->no_rule = true;
	return C_LOST;
}

enum c_end
unwind_c(struct walk *w)
{
	enum c_end end = C_GO;

	while (end == C_GO && w->n < FRAMES_MAX) {
		uint64_t pc = w->regs.pc - !w->exact;

		if (go_table_at(w->go, w->regs.pc) != NULL) {
			return C_GO;
		}
		if (!w->exact && is_sigreturn(w)) {
			walk_note(w, signal_note);
			end = unwind_signal(w, w->regs.reg[RCGO_DW_SP] + cpu_ucontext_at) ? C_GO
											  : C_LOST;
			continue;
		}
		walk_push(w, pc, FRAME_C);
		end = step_c(w);
	}
	return end == C_GO ? C_LOST : end;
}
