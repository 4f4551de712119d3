// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the state of a Go runtime in another process. It is found by its content, and read by
// offsets that depend on the version.
#ifndef STACK_GO_H
#define STACK_GO_H

#include "stack_target.h"

// GO: runtime/runtime2.go. g.stack is at 0, g.m at 48, g.sched at 56 (sp +0, pc +8), m.g0 at 0.
// m.cgoCallersUse = ncgo + 4, m.cgoCallers = ncgo + 8.
enum {
	G_STACK_LO = 0,
	G_STACK_HI = 8,
	G_M = 48,
	G_SCHED_SP = 56,
	G_SCHED_PC = 64,
	M_G0 = 0,
	G_SIZE = 400, // all fields that are read lie below
	M_SIZE = 400,
};
struct go_layout {
	uint8_t minor_first, minor_last; // the versions that have it, as a hint
	uint16_t syscallsp, syscallpc, status, goid, waitsince, waitreason, gopc, startpc, lockedm;
	uint16_t procid, gsignal, curg, ncgo, alllink, lockedg;
};
extern const struct go_layout go_layouts[];
extern const size_t go_layout_count;

// GO: runtime/runtime2.go, the states of a goroutine.
enum {
	G_IDLE,
	G_RUNNABLE,
	G_RUNNING,
	G_SYSCALL,
	G_WAITING,
	G_DEAD = 6,
	G_COPYSTACK = 8,
	G_PREEMPTED,
	G_LEAKED,
	G_DEADEXTRA,
	G_SCAN = 0x1000,
};

// The functions that need special treatment in an unwind.
enum go_special {
	GO_PLAIN,
	GO_ASMCGOCALL,
	GO_CGOCALLBACK,
	GO_CROSSCALL2,
	GO_SYSTEMSTACK,
	GO_MORESTACK,
	GO_SIGRETURN,
	GO_VDSO, // calls the vDSO on g0; R12 holds its own stack pointer
	GO_BOTTOM,
};

// One table of functions: of a program, a library or a plugin.
struct go_table {
	struct module *module;
	uint64_t pclntab, moduledata;
	uint64_t text, etext;
	uint64_t data, data_end; // all its variables
	uint64_t types, etypes;
	uint64_t gofunc;
	struct rcgo_bytes names, cu, files, pctab, functions; // local
	struct rcgo_bytes ftab;
	size_t nfunc;
	struct go_runtime *runtime; // NULL: of a plugin, which uses the program's runtime
	uint8_t quantum;	    // of program counters
	bool old;		    // Go 1.18 and 1.19
	bool gone;		    // its object was unloaded
};

struct go_func {
	const struct go_table *table;
	uint64_t entry, end;
	struct rcgo_bytes record; // from its _func on
	const char *name;
	enum go_special special;
	// The size of its frame at the PC sized_at, -1 if the table has none; sized_at is 0 before
	// it is read.
	uint64_t sized_at;
	int32_t size;
};

struct go_m {
	uint64_t address, g0, gsignal, curg, lockedg;
	uint64_t procid, next;
	uint64_t g0_lo, g0_hi;
	int32_t ncgo;
	uint32_t order; // its place in the list
	// The used part of curg's stack, or 0. It is a hint: the M may run.
	uint64_t curg_sp, curg_hi;
};

struct go_g {
	uint64_t address;
	uint64_t lo, hi, m, sched_sp, sched_pc, syscallsp, syscallpc;
	uint32_t status;
	uint64_t goid;
	int64_t waitsince;
	uint8_t waitreason;
	uint64_t gopc, startpc, lockedm;
};

struct go_runtime {
	const struct go_table *table;
	const struct go_layout *layout; // NULL: none fits
	char version[32];		// or ""
	int minor;			// or -1
	bool gone;			// its library was unloaded
	bool forked;			// its Ms have the thread numbers of the process that forked
	// Addresses of variables that pointed to the list of all Ms when they were found. One
	// of them is allm.
	uint64_t allm[8];
	unsigned allms;
	uint64_t allgs; // the slice's address
	struct go_m *m; // by procid; of Ms with the same, the newest is first
	size_t ms;
	uint64_t m_first;      // in the list that was found with the layout
	uint64_t ms_forgotten; // the target's, when the list was read
	uint64_t wait_reasons; // the array of strings; 0: not searched yet; 1: not found
};

struct goroutine {
	struct go_g g;
	const struct go_runtime *runtime;
	const struct stack *stack;
	struct thread *thread;
	const char *reason;
	bool system; // of the runtime itself
};

struct go_state {
	struct go_table *table;
	size_t tables;
	struct go_runtime *runtime;
	size_t runtimes;
	struct go_func_cache *cache; // of go_func_at, or NULL
};

// go_find.c: finds all runtimes of the target. A later call finds those in new modules.
void go_find(struct target *t, struct go_state *go);

// go_struct.c: reads structures of the runtime.
// Returns the variables of the runtime's module, or NULL if they cannot be read. The
// caller frees them.
uint8_t *go_read_data(struct target *t, const struct go_table *table, size_t *size);
bool go_read_m(
	struct target *t, const struct go_layout *l, uint64_t address, struct go_m *m, bool *whole);
bool go_parse_m(const struct go_layout *l, uint64_t address, const uint8_t *bytes, struct go_m *m);
void go_parse_g(const struct go_layout *l, uint64_t address, const uint8_t *bytes, struct go_g *g);
// A list of Ms that grows.
struct go_ms {
	struct go_m *m;
	size_t n, room;
};
void go_ms_add(struct go_ms *list, const struct go_m *m);
// Stores the used part of curg's stack in the M, if it has one.
void go_note_curg(struct go_m *m, const struct go_g *curg);
// Returns the lowest address of a goroutine's stack that is in use, if no thread runs it in Go.
uint64_t go_lowest_sp(const struct go_g *g);

// go_layout.c
const struct go_layout *go_layout_fit(struct target *t, struct go_runtime *r);

// go_lists.c
// Makes the list that of the runtime, and empties it.
void go_take_ms(struct target *t, struct go_runtime *r, struct go_ms *list);
// Lists the Ms, as they are or as they were at a read since target_forget.
void go_read_ms(struct target *t, struct go_runtime *r);
// Returns the newest M of the thread that has this number, or NULL.
const struct go_m *go_m_of_thread(const struct go_runtime *r, uint64_t procid);
bool go_find_allgs(struct target *t, struct go_runtime *r);
// Reads all goroutines, at most max. Returns their number, and stores the number of all in *total.
size_t go_read_gs(
	struct target *t, struct go_runtime *r, struct goroutine **out, size_t max, size_t *total);
const char *go_wait_reason(struct target *t, struct go_runtime *r, const struct go_g *g);

// go_func.c
struct go_func_cache *go_func_cache_new(void);
bool go_func_at(const struct go_state *go, uint64_t pc, struct go_func *f);
bool go_func_in(const struct go_table *table, uint64_t pc, struct go_func *f);
// Finds the function in an object that may have been unloaded since.
bool go_func_of(
	const struct go_state *go, const struct module *module, uint64_t pc, struct go_func *f);
const struct go_table *go_table_at(const struct go_state *go, uint64_t pc);
// Stores the size of f's frame at pc, without the return address.
bool go_frame_size(const struct go_func *f, uint64_t pc, uint64_t *size);
bool go_pcvalue(const struct go_func *f, uint32_t offset, uint64_t pc, int32_t *value);
uint32_t go_record32(const struct go_func *f, size_t at);

// go_lines.c: stores the functions at pc, innermost first. Returns their number.
struct go_line {
	const char *function, *file;
	unsigned line;
};
size_t go_lines(const struct go_func *f, uint64_t pc, struct go_line *lines, size_t max);
uint64_t go_find_gofunc(struct target *t, const struct go_table *table);

#endif // STACK_GO_H
