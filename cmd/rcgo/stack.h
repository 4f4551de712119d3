// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: stacks of C and Go functions, and their output.
#ifndef STACK_H
#define STACK_H

#include "stack_go.h"

#include <elf.h>
#include <stdio.h>

enum frame_lang { FRAME_C, FRAME_GO, FRAME_NOTE };

// One program counter of a stack: the current instruction, or the call in a caller.
struct frame {
	uint64_t pc;
	enum frame_lang lang;
	const char *note;
	struct module *module; // that contained pc when the stack was read, or NULL
};
#define FRAMES_MAX 1024

struct stack {
	size_t n;
	struct frame frame[];
};

struct walk {
	struct rcgo_stack_reader memory; // first: the DWARF machine's reads find the walk by it
	struct target *t;
	const struct thread *th;
	const struct go_state *go;
	// Registers of the target's CPU. Only the files that are compiled for that CPU access regs.
	union {
		struct rcgo_frame_regs regs;
		uint64_t room[RCGO_TARGET_REGISTERS + 2];
	};
	bool exact;   // regs.pc is of the instruction itself
	bool late;    // memory was read that was not in the thread's regions
	bool guessed; // a frame pointer was searched for
	bool lost;    // C frames may be missing
	bool no_rule; // the last frame has no unwind information
	bool strange; // a frame is in no module: the list may be old
	struct frame frame[FRAMES_MAX];
	size_t n;
	struct step_cache *steps; // of stack_unwind.c; NULL at first
	struct search *search;	  // of stack_emulate.c; NULL at first
};

// stack_unwind.c: unwinds C frames from regs up to Go's code, but not into it. Returns where
// the C frames end.
enum c_end { C_GO, C_OUTERMOST, C_LOST };
enum c_end unwind_c(struct walk *w);
extern const char signal_note[];
bool walk_word(struct walk *w, uint64_t address, uint64_t *word);
bool walk_code(struct walk *w, uint64_t address, void *to, size_t size);
void walk_push(struct walk *w, uint64_t pc, enum frame_lang lang);
void walk_note(struct walk *w, const char *note);
bool unwind_signal(struct walk *w, uint64_t ucontext);
// Unwinds one frame by unwind information. Stores the start of the function that it was of.
bool unwind_step(struct walk *w, uint64_t *start);

// stack_solve.c: for a frame whose CFA needs a frame pointer that is not known.
bool unwind_solve(struct walk *w, uint64_t start, uint64_t *fp);
bool unwind_heuristic(struct walk *w);
bool unwind_is_return(struct walk *w, uint64_t pc);
// Returns which call is before pc: none; one of another function; one through a pointer; a direct
// one, possibly by a PLT stub, of a function that starts in [from, to].
enum call { CALL_NONE, CALL_OTHER, CALL_POINTER, CALL_DIRECT };
enum call unwind_calls(struct walk *w, uint64_t pc, uint64_t from, uint64_t to);
// The same, if pc may be in Go's code.
enum call unwind_call_before(struct walk *w, uint64_t pc, uint64_t from, uint64_t to);
// Stores the target of a stub of the procedure linkage table.
bool unwind_stub_target(struct walk *w, uint64_t stub, uint64_t *target);
// Stores the target of the direct call before pc, if there is one.
bool unwind_call_target(struct walk *w, uint64_t pc, uint64_t *target);

// stack_caller.c: finds the return address of the function that begins at start and has not stored
// it; sp is its caller's stack pointer.
bool unwind_find_caller(struct walk *w, uint64_t start, uint64_t sp, uint64_t *ra);

// stack_walk.c: the whole stack of a thread, or of a goroutine that no thread runs.
const struct stack *walk_thread(
	struct target *t, const struct go_state *go, struct thread *th, struct walk *w);
const struct stack *walk_goroutine(
	struct target *t, const struct go_state *go, const struct goroutine *g, struct walk *w);

// A walker computes addresses of the target in uintptr_t, so an rcgo of 32 bits has none.
#if UINTPTR_MAX == UINT64_MAX
#	define WALKER(cpu) (&walker_##cpu)
#else
#	define WALKER(cpu) NULL
#endif

// stack_cpu_*.c: the two functions of each CPU. stack_walk.c and the files that it calls are
// compiled once for each CPU, with the part of the unwinder they need, and export nothing else.
struct walker {
	const struct stack *(*thread)(
		struct target *t, const struct go_state *go, struct thread *th, struct walk *w);
	const struct stack *(*goroutine)(struct target *t, const struct go_state *go,
		const struct goroutine *g, struct walk *w);
};
extern const struct walker walker_amd64, walker_arm64;
// Returns NULL for an unknown CPU.
static inline const struct walker *
walker_of(uint16_t machine)
{
	return machine == EM_X86_64 ? WALKER(amd64) : machine == EM_AARCH64 ? WALKER(arm64) : NULL;
}

// stack_take.c: reads the stacks of all threads.
struct stacks {
	struct target t;
	struct go_state go;
	struct stack_options options;
	struct goroutine *goroutine;
	size_t goroutines, goroutines_total;
	double ms, cpu_ms; // that the reading took
};
void stacks_take(struct stacks *s);
void stacks_take_thread(struct stacks *s, struct thread *th, struct walk *w);
// stack_goroutines.c
void stacks_find_m(struct stacks *s, struct thread *th);
void stacks_goroutines(struct stacks *s, struct walk *w);
void stacks_open(struct stacks *s, const char *what);
// Finds objects that were loaded since, and Go runtimes in them.
bool stacks_new_modules(struct stacks *s);

// stack_names.c
void names_open(struct stacks *s);
struct name {
	const char *function, *file, *module;
	uint64_t offset; // in the module
	unsigned line;
	enum frame_lang lang;
	bool inlined;
	bool hidden; // on the Go runtime's path between Go and C
};
size_t names_of(struct stacks *s, const struct frame *f, const struct name **names);
const char *clean_text(const char *s);

// stack_jit.c
void jit_open(const struct target *t);
const char *jit_name(const struct target *t, uint64_t pc, uint64_t *start);

// stack_waits.c
void waits_find(struct stacks *s);
bool waits_deadlock(const struct stacks *s, const struct thread *th);
const char *waits_owner(struct stacks *s, const struct thread *th);
// Returns the number, in this PID namespace, of the thread that th waits for. The lock holds the
// number that the thread has in its own namespace.
pid_t waits_thread(const struct stacks *s, const struct thread *th);
const struct goroutine *waits_parked(const struct stacks *s, const struct thread *th);

// stack_state.c: the state of a thread, in a word or two.
enum thread_kind { KIND_IDLE, KIND_GO, KIND_C, KIND_RUNNING, KIND_UNKNOWN };
enum thread_kind thread_kind(struct stacks *s, const struct thread *th);
const char *goroutine_state(const struct go_g *g);

void print_head(struct stacks *s);
void print_parked(const struct stacks *s);
void print_text(struct stacks *s);
void print_json(struct stacks *s);
// Opens and closes a file for writing; "-" is standard output. Both end rcgo on an error.
FILE *output_open(const char *path);
void output_close(FILE *out, const char *path);
void print_folded(struct stacks *s, FILE *out);
void fold_line(struct stacks *s, const struct stack *stack, FILE *out);
char *fold_text(struct stacks *s, const struct stack *stack);
void write_pprof(struct stacks *s, const char *path);

#endif // STACK_H
