// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: what is looked at: a live process or a core file. Its memory, its ELF objects, its
// threads. Addresses are those of the target, which may lie: each is read through target_read.
#ifndef STACK_TARGET_H
#define STACK_TARGET_H

#include "rcgo.h"

#include "dwarf_expr.h"
#include "rcgo_backtrace.h"
#include "symbolizer_internal.h"

// An ELF object of the target.
struct module {
	char *path;	     // as the target names it
	char *file;	     // where this process opens it, or NULL
	uint64_t start, end; // all its mappings, first to last
	uint64_t offset;     // of its first mapping in the file
	uint64_t first;	     // the address of that mapping
	// Set by module_open:
	bool tried, usable;
	struct rcgo_elf elf;
	uint64_t bias; // target address - address in the file
	uint64_t base; // the lowest address in the file
	// Its segments as the file has them, laid out as in the target: what is at address A there
	// is at image + (A - bias - base).
	const uint8_t *image;
	size_t image_size;
	uintptr_t eh_frame_hdr; // an address in image, or 0
	size_t eh_frame_hdr_size;
	struct rcgo_object *object; // names of its code
	bool object_tried;
};

enum thread_how {
	HOW_UNREAD,
	HOW_READ,    // while it was blocked
	HOW_STOPPED, // for the moment of reading
	HOW_TORN,    // it ran meanwhile
	HOW_GONE,
	HOW_CORE,
};

// A piece of the target's memory as it was when a thread's stack was taken.
struct region {
	uint64_t address;
	size_t size;
	uint8_t *bytes;
};
#define REGIONS_MAX 8

struct thread {
	pid_t tid;    // here
	pid_t ns_tid; // in the target's own PID namespace
	char name[32];
	enum thread_how how;
	int error; // why it could not be read
	bool running;
	bool in_syscall;
	long syscall;
	uint64_t args[6];
	int64_t blocked_ms; // -1: not known
	struct rcgo_frame_regs regs;
	struct region region[REGIONS_MAX];
	unsigned regions;
	uint64_t m; // the address of its M, or 0
	const struct go_runtime *runtime;
	uint64_t switched; // how long it was stopped, in ns
	int signal;	   // that was on its way when it was stopped
	const struct stack *stack;
	struct goroutine *goroutine;
	int64_t waits_for; // a thread's ns_tid, or 0
	uint64_t waits_at;
	const char *waits_kind; // NULL: for nothing that is known
};

struct target {
	pid_t pid;
	const char *label; // process 123, core FILE
	bool core;
	struct rcgo_target from; // where all is read
	// Reads for a target that is neither a process nor a core; NULL otherwise.
	size_t (*read)(struct target *t, uint64_t address, void *to, size_t size);
	void *own; // of target_process.c, or of read
	const char *sysroot, *debug, *exe;
	bool force;
	uint16_t machine;
	struct module *module;
	size_t modules;
	struct thread *thread;
	size_t threads;
	size_t stopped;
	uint64_t waited_ns; // until threads stood still
	struct rcgo_arena arena;
	struct rcgo_dwarf_memory names;
	uint16_t names_id;
};

// What `rcgo stack` was asked for.
struct stack_options {
	bool all, c_only, stop, no_stop, runtime, json, folded, force;
	pid_t thread;
	const char *pprof, *debug, *exe, *sysroot;
};

// target_process.c
int process_open(struct target *t, pid_t pid);
void process_threads(struct target *t);
bool process_blocked(struct target *t, struct thread *th, uint64_t *stamp);
uint64_t process_stamp(const struct target *t, const struct thread *th);
void process_names(struct target *t);
void process_blocked_for(struct target *t);

// target_maps.c: the objects of a live process
int process_modules(struct target *t);
struct module *target_add_module(struct target *t, const char *path);

// target_stop.c: 0, or -errno. The thread stands still until process_release.
int process_stop(struct target *t, struct thread *th);
void process_release(struct target *t, struct thread *th);

// target_permission.c
_Noreturn void process_fail(pid_t pid, int err);

// target_core.c: fails by itself
void core_open(struct target *t, const char *path);
// Reads what the core has, and else what the files that were mapped have.
size_t core_read(struct target *t, uint64_t address, void *to, size_t size);

// target_module.c
struct module *module_find(struct target *t, uint64_t address);
bool module_open(struct target *t, struct module *m);
// The bytes of the file at an address of the target, to the end of the object; empty without.
struct rcgo_bytes module_bytes(const struct module *m, uint64_t address);
uint64_t module_build_id(const struct module *m, uint8_t *id, size_t cap);

// target_read.c
// Reads up to size bytes. Returns how many of the first could be read.
size_t target_read_some(struct target *t, uint64_t address, void *to, size_t size);
bool target_read(struct target *t, uint64_t address, void *to, size_t size);
bool target_word(struct target *t, uint64_t address, uint64_t *word);
// What the thread's regions hold, else the target as it is now; *late says that it was asked.
bool thread_read(struct target *t, const struct thread *th, uint64_t address, void *to, size_t size,
	bool *late);
void thread_drop(struct thread *th);
// Copies up to size bytes at each address, of n pieces. What cannot be read is left out.
void thread_keep(
	struct target *t, struct thread *th, const uint64_t *address, const size_t *size, size_t n);

#endif // STACK_TARGET_H
