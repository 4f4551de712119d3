// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the caller of a function that keeps its return address in a register, such as libc's
// functions that make a system call. The kernel does not report that register of a blocked thread.
// The address follows one of the calls of this function. The right call is in a function whose own
// return address, on the stack, follows a call of that function.
#include "stack_joint.h"

#include <stdlib.h>

#define CALLS_MAX 1024
#define NO_STUBS_BITS 12
#define TEXT_MAX ((size_t)256 << 20) // that is searched for the calls of one function

// The return addresses of the calls of one function, in all objects.
struct calls {
	struct calls *next;
	uint64_t start; // of the function
	size_t n;
	bool too_many;
	uint64_t at[CALLS_MAX];
};

// A search for calls.
struct scan {
	struct walk *w;
	struct calls *calls;
	uint64_t no_stub[1 << NO_STUBS_BITS]; // targets of calls that lead to other functions
	size_t left;			      // of TEXT_MAX
};

// Returns whether a call of target leads to the function, maybe through a PLT stub.
static bool
leads_to(struct scan *s, uint64_t target)
{
	uint64_t *other = &s->no_stub[(target / RCGO_PC_ALIGN) % (1 << NO_STUBS_BITS)];
	uint64_t behind;

	if (target == s->calls->start) {
		return true;
	}
	if (*other == target) {
		return false;
	}
	if (unwind_stub_target(s->w, target, &behind) && behind == s->calls->start) {
		return true;
	}
	*other = target;
	return false;
}

static void
scan_code(struct scan *s, struct rcgo_bytes code, uint64_t address)
{
	struct calls *c = s->calls;

	for (size_t at = 0; at + RCGO_CALL_SIZE <= code.size && !c->too_many; at += RCGO_PC_ALIGN) {
		uint64_t ra = address + at + RCGO_CALL_SIZE;
		uintptr_t target;

		if (!rcgo__arch_call_target(code.at + at, ra, &target) || !leads_to(s, target)) {
			continue;
		}
		c->too_many = c->n == CALLS_MAX;
		if (!c->too_many) {
			c->at[c->n++] = ra;
		}
	}
}

static void
scan_module(struct scan *s, struct module *m)
{
	struct rcgo_segment segment;

	if (!module_open(s->w->t, m)) {
		return;
	}
	for (uint32_t i = 0; rcgo__elf_segment_at(&m->elf, i, &segment); i++) {
		struct rcgo_bytes code = module_bytes(m, segment.address + m->bias);

		if (segment.type != PT_LOAD || (segment.flags & PF_X) == 0 ||
			segment.file_size > s->left) {
			continue;
		}
		code.size = segment.file_size < code.size ? segment.file_size : code.size;
		s->left -= code.size;
		scan_code(s, code, segment.address + m->bias);
	}
}

static const struct calls *
calls_of(struct walk *w, uint64_t start)
{
	static struct calls *kept;
	struct calls *c;
	struct scan *s;

	for (c = kept; c != NULL; c = c->next) {
		if (c->start == start) {
			return c;
		}
	}
	c = xalloc(sizeof *c);
	c->next = kept;
	c->start = start;
	kept = c;
	s = xalloc(sizeof *s);
	s->w = w;
	s->left = TEXT_MAX;
	s->calls = c;
	for (size_t i = 0; i < w->t->modules; i++) {
		if (w->t->module[i]->listed || w->t->core) {
			scan_module(s, w->t->module[i]);
		}
	}
	free(s);
	return c;
}

// Unwinds as if the function with the stack pointer sp returned to ra. Stores the start of the
// function that contains ra, and returns which call is before its own return address. Go calls C
// functions through pointers, mostly those of cgo, which nothing else calls.
static enum call
try_call(struct walk *w, uint64_t ra, uint64_t sp, uint64_t *start)
{
	struct rcgo_frame_regs before = w->regs;
	bool exact = w->exact;
	enum call call = CALL_NONE;

	w->regs = (struct rcgo_frame_regs){.pc = ra, .known = BIT(RCGO_DW_SP)};
	w->regs.reg[RCGO_DW_SP] = sp;
	w->exact = false;
	if (unwind_step(w, start)) {
		call = unwind_call_before(w, w->regs.pc, *start, *start);
		if (call == CALL_DIRECT && go_table_at(w->go, w->regs.pc) != NULL &&
			calls_of(w, *start)->n > 0) {
			call = CALL_POINTER;
		}
	}
	w->regs = before;
	w->exact = exact;
	return call;
}

// Returns whether the call before ra can have made the thread's system call: a constant that it
// passes is the number, for libc's function syscall, or the first argument.
static bool
fits_syscall(struct walk *w, uint64_t ra)
{
	uint64_t value;

	return !cpu_first_argument(w, ra, &value) || value == (uint64_t)w->th->syscall ||
	       value == w->th->args[0];
}

// Returns whether exactly one function has the best of the calls.
static bool
find_best(struct walk *w, const struct calls *calls, uint64_t sp, bool fitting, uint64_t *ra)
{
	enum call best = CALL_OTHER;
	uint64_t in = 0, function;
	bool ambiguous = false;

	for (size_t i = 0; i < calls->n; i++) {
		enum call call = try_call(w, calls->at[i], sp, &function);

		if (call < best || (call == best && function == in) ||
			(fitting && !fits_syscall(w, calls->at[i]))) {
			continue;
		}
		ambiguous = call == best;
		if (!ambiguous) {
			best = call;
			in = function;
			*ra = calls->at[i];
		}
	}
	return best > CALL_OTHER && !ambiguous;
}

bool
unwind_find_caller(struct walk *w, uint64_t start, uint64_t sp, uint64_t *ra)
{
	const struct calls *calls = calls_of(w, start);

	return !calls->too_many &&
	       (find_best(w, calls, sp, false, ra) ||
		       (w->th->in_syscall && find_best(w, calls, sp, true, ra)));
}
