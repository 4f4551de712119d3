// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: finds the Go frames below the C frames of a stack, by reading memory only. No Go
// code runs on the goroutine while its C code runs, and Go neither moves nor shrinks its stack.
// Re-read runtime/asm_amd64.s (asmcgocall, cgocallback, gosave_systemstack_switch) and
// runtime/asm_arm64.s.

#include <string.h>

#include "go_text.h"
#include "heap_record.h"
#include "safe_read.h"
#include "unwinder.h"

// Go saves its stack pointer before it switches to C's stack. The frame of Go's function that did
// so has a frame record, the caller's frame pointer and the return address, from which the chain of
// records leads to the goroutine's first function. Two places hold the saved stack pointer:
//
//   - goroutine.sched. C code reaches it from g0, which Go keeps in a thread-local slot. Go's
//     layouts change within minor versions, so m.curg is taken where it fits.
//   - the frame of runtime.asmcgocall on C's stack. This way serves programs that were built
//     without this part, in which the thread-local slot is not known.

// Words of struct g and struct m (runtime/runtime2.go), as in struct G of go_types.h.
#define G_LO 0
#define G_HI 1
#define G_M 6
#define G_SCHED_SP 7
#define G_SCHED_PC 8
#define M_G0 0

// The offsets of m.curg, in words: up to Go 1.24, and from Go 1.25 on.
static const uint8_t curg_at[] = {192 / 8, 184 / 8};
// And those of g.syscallsp in the same versions.
static const uint8_t syscallsp_at[] = {112 / 8, 104 / 8};

// On arm64 the return address of a leaf call is not at the goroutine's stack pointer, but at
// g.syscallsp, which is below it (go/leaf/entry_arm64.s). Other calls have g.syscallsp above it.
// cgocallback saves goroutine.sched.pc SWITCH_PC_DEPTH words below the stack pointer.
#if defined(__aarch64__)
#	define LEAF_RETURN_BELOW true
#	define RECORD_BELOW true
#	define SWITCH_PC_DEPTH 6
#else
#	define LEAF_RETURN_BELOW false
#	define RECORD_BELOW false
#	define SWITCH_PC_DEPTH 1
#endif
#define LEAF_REACH 1024

// The number of words above a stack pointer that are searched for a frame record.
#define RECORD_REACH 64
// The number of words above the frame of cgocallback that are searched for the
// earlier stack pointer.
#define CALLBACK_REACH 20
// The positions of the goroutine and its stack pointer in asmcgocall's frame, in words
// above C's frame.
#define ASMCGOCALL_REACH 10

RCGO_UNINSTRUMENTED_READS static uintptr_t
word(uintptr_t address)
{
	return *(const uintptr_t *)address;
}

RCGO_UNINSTRUMENTED_READS static uintptr_t
field(uintptr_t object, size_t at)
{
	return ((const uintptr_t *)object)[at];
}

static bool
is_word_address(uintptr_t address)
{
	return address % RCGO_WORD == 0 && address >= RCGO_NOFAULT_PAGE && address >> 56 == 0;
}

// Part of a goroutine's stack.
struct go_walk {
	uintptr_t g, hi;
	uintptr_t switch_pc; // goroutine.sched.pc: after the call that saved the stack pointer
	uintptr_t fp;	     // the frame pointer with which Go called C; 0 if not known
	uintptr_t return_pc; // the return address at the stack pointer with which Go called C,
	uintptr_t to_record; // and the distance from there to the record of its function; or 0
	uintptr_t *pcs;
	size_t n, max;
};

static bool
in_stack(const struct go_walk *walk, uintptr_t from, uintptr_t address)
{
	return address >= from && address < walk->hi - 2 * RCGO_WORD && address % RCGO_WORD == 0;
}

static void
push(struct go_walk *walk, uintptr_t pc)
{
	if (walk->n < walk->max) {
		walk->pcs[walk->n++] = pc;
	}
}

// Returns whether two words in the stack, which are at or above sp, may be a frame record.
static bool
is_record(const struct go_walk *walk, uintptr_t sp, uintptr_t at)
{
	return in_stack(walk, sp, at) && in_stack(walk, at + 1, word(at)) &&
	       rcgo__heap_in_go(word(at + RCGO_WORD));
}

// Returns what looks like the first frame record at or above sp, or 0. It may be a pair of words
// that an earlier call left in the frame.
static uintptr_t
search_record(const struct go_walk *walk, uintptr_t sp)
{
	for (size_t i = 0; i < RECORD_REACH; i++) {
		if (is_record(walk, sp, sp + i * RCGO_WORD)) {
			return sp + i * RCGO_WORD;
		}
	}
	return 0;
}

// Returns the first frame record at or above sp, the stack pointer with which Go called C; 0 if
// there is none. On amd64 the record is at sp from Go 1.21 on. In earlier versions, and in a leaf
// call, the return address is at sp, and the record is that of the function to which it leads. The
// frame pointer register still points to that one. Where Go has called C before, the register is
// not known any more, but the function is the same, runtime.cgocall, with a frame of the same size.
//
// On arm64 the return address is at sp too, and the frame pointer of its function is below it.
// Before Go 1.21, when Go moves a stack on arm64, the frame pointers in it still point to the old
// one: the chain ends.
static uintptr_t
find_record(struct go_walk *walk, uintptr_t sp)
{
	uintptr_t fp = walk->fp;

	walk->fp = 0;
	if (!in_stack(walk, sp, sp)) {
		return 0;
	}
	if (RECORD_BELOW) {
		fp = sp - RCGO_WORD >= field(walk->g, G_LO) ? word(sp - RCGO_WORD) : 0;
		return in_stack(walk, sp, fp) && rcgo__heap_in_go(word(fp + RCGO_WORD)) ? fp : 0;
	}
	if (is_record(walk, sp, sp)) {
		return sp;
	}
	if (fp != 0 && is_record(walk, sp, fp)) {
		walk->return_pc = word(sp);
		walk->to_record = fp - sp;
		return fp;
	}
	if (walk->to_record != 0 && word(sp) == walk->return_pc &&
		is_record(walk, sp, sp + walk->to_record)) {
		return sp + walk->to_record;
	}
	return search_record(walk, sp);
}

// The chain of records has left the stack in cgocallback, which Go enters from C. Returns the
// stack pointer that the goroutine had when it called C; 0 if this was the first frame.
static uintptr_t
before_callback(const struct go_walk *walk, uintptr_t record)
{
	uintptr_t at = record + 2 * RCGO_WORD;

	for (size_t i = 0; i < CALLBACK_REACH && in_stack(walk, record, at); i++) {
		if (word(at) == walk->switch_pc) {
			return at + SWITCH_PC_DEPTH * RCGO_WORD;
		}
		at += RCGO_WORD;
	}
	return 0;
}

// Follows the chain from the stack pointer at which Go called C.
static void
walk_from(struct go_walk *walk, uintptr_t sp)
{
	uintptr_t record = find_record(walk, sp);

	while (record != 0 && walk->n < walk->max) {
		uintptr_t next = word(record), pc = word(record + RCGO_WORD);

		if (!rcgo__heap_in_go(pc)) {
			return;
		}
		push(walk, pc);
		if (in_stack(walk, record + 1, next)) {
			record = next;
			continue;
		}
		sp = before_callback(walk, record);
		record = sp != 0 ? find_record(walk, sp) : 0;
	}
}

static bool
start_walk(struct go_walk *walk, uintptr_t g, uintptr_t sp)
{
	walk->g = g;
	walk->hi = field(g, G_HI);
	walk->switch_pc = field(g, G_SCHED_PC);
	return field(g, G_LO) < walk->hi && sp >= field(g, G_LO) && sp < walk->hi &&
	       sp % RCGO_WORD == 0;
}

// 1 + the index of the offset in curg_at that is right; 0 until a goroutine has shown it.
// owner: any thread; lock: none; ordering: relaxed, all threads find the same
static uint32_t curg_known;

// Returns whether g is a goroutine that runs on m. The word that was read as a pointer to it
// may have any value.
static bool
is_goroutine(uintptr_t g, uintptr_t m)
{
	uintptr_t fields[G_SCHED_PC + 1];

	return is_word_address(g) && rcgo__copy_nofault(fields, (const void *)g, sizeof fields) &&
	       fields[G_M] == m && fields[G_LO] < fields[G_HI] &&
	       fields[G_SCHED_SP] >= fields[G_LO] && fields[G_SCHED_SP] < fields[G_HI];
}

// Returns the goroutine that runs C on this thread, whose g0 is the current g; 0 if there is none.
static uintptr_t
goroutine_of(uintptr_t g0)
{
	uintptr_t m = field(g0, G_M), g;
	uint32_t known = rcgo_load_rlx(&curg_known);

	if (!is_word_address(m) || field(m, M_G0) != g0) {
		return 0;
	}
	if (known != 0) {
		g = field(m, curg_at[known - 1]);
		return g != 0 && field(g, G_M) == m ? g : 0;
	}
	for (uint32_t i = 0; i < sizeof curg_at; i++) {
		g = field(m, curg_at[i]);
		if (g != g0 && is_goroutine(g, m)) {
			rcgo_store_rlx(&curg_known, i + 1);
			return g;
		}
	}
	return 0;
}

// Returns the return address of a leaf call if it is not at the stack pointer; 0 if it is, and in
// other calls.
static uintptr_t
leaf_return(uintptr_t g, uintptr_t sp)
{
	uint32_t known = rcgo_load_rlx(&curg_known);
	uintptr_t at = known != 0 ? field(g, syscallsp_at[known - 1]) : 0, pc;

	if (!LEAF_RETURN_BELOW || sp - at - 1 >= LEAF_REACH || at < field(g, G_LO) ||
		at % RCGO_WORD != 0) {
		return 0;
	}
	pc = word(at);
	return rcgo__heap_in_go(pc) ? pc : 0;
}

// Finds the goroutine from the frame of asmcgocall above the C frames. Stores its stack pointer.
static uintptr_t
goroutine_above(uintptr_t end_sp, uintptr_t *sp)
{
	uintptr_t words[ASMCGOCALL_REACH], fields[G_SCHED_PC + 1];

	if (!is_word_address(end_sp) ||
		!rcgo__copy_nofault(words, (const void *)end_sp, sizeof words)) {
		return 0;
	}
	for (size_t i = 0; i < ASMCGOCALL_REACH; i++) {
		uintptr_t g = words[i];

		if (!is_word_address(g) || g % 16 != 0 ||
			!rcgo__copy_nofault(fields, (const void *)g, sizeof fields) ||
			fields[G_LO] >= fields[G_HI] || !is_word_address(fields[G_LO]) ||
			fields[G_HI] - fields[G_LO] > (uintptr_t)1 << 30 ||
			!is_word_address(fields[G_M])) {
			continue;
		}
		for (size_t d = i == 0 ? 0 : i - 1; d < ASMCGOCALL_REACH && d <= i + 1; d++) {
			*sp = fields[G_HI] - words[d];
			if (words[d] < fields[G_HI] - fields[G_LO] && *sp == fields[G_SCHED_SP]) {
				return g;
			}
		}
	}
	return 0;
}

size_t
rcgo__heap_go_frames(
	const struct rcgo_unwind_end *end, uintptr_t *pcs, size_t max, uintptr_t *goroutine)
{
	bool ends_in_go = rcgo__heap_in_go(end->pc);
	// C code preserves the frame pointer register.
	struct go_walk walk = {.pcs = pcs, .max = max, .fp = ends_in_go ? end->fp : 0};
	uintptr_t g0 = (uintptr_t)rcgo__current_g(), g = 0, sp = 0;

	*goroutine = 0;
	// A library with a Go runtime of its own keeps its g elsewhere.
	if (g0 != 0 && (rcgo__in_go_text(end->pc) || !ends_in_go)) {
		g = goroutine_of(g0);
		sp = g != 0 ? field(g, G_SCHED_SP) : 0;
	} else if (ends_in_go) {
		g = goroutine_above(end->sp, &sp);
	}
	if (g == 0 || !start_walk(&walk, g, sp)) {
		return 0;
	}
	// The function that switched to C's stack has no frame, so its return address is on top of
	// the stack. In a call through cgocall it leads to cgocall; in a leaf call, to the
	// function that made the call.
	if (rcgo__heap_in_go(walk.switch_pc)) {
		uintptr_t pc = leaf_return(g, sp);

		push(&walk, walk.switch_pc);
		if (pc != 0) {
			push(&walk, pc);
		}
		if (in_stack(&walk, sp, sp) && rcgo__heap_in_go(word(sp))) {
			push(&walk, word(sp));
		}
	}
	*goroutine = g;
	walk_from(&walk, sp);
	return walk.n;
}
