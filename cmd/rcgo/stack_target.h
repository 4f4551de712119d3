// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the target, a live process or a core file, with its memory, ELF objects and threads.
// Addresses are those of the target and are not trusted: all memory is read through target_read.
#ifndef STACK_TARGET_H
#define STACK_TARGET_H

#include "rcgo.h"

#include "dwarf_expr.h"
#include "rcgo_backtrace.h"
#include "symbolizer_internal.h"

// An ELF object of the target.
struct module {
	char *path;	     // as the target names it
	char *file;	     // the path by which rcgo opens it, or NULL
	uint64_t start, end; // all its mappings, first to last
	uint64_t offset;     // of its first mapping in the file
	uint64_t first;	     // the address of that mapping
	uint64_t inode;	     // of the file, in a live process
	bool listed;	     // it was in the newest list
	bool searched;	     // for Go
	// Set by module_open:
	bool tried, usable;
	struct rcgo_elf elf;
	uint64_t bias; // target address - address in the file
	uint64_t base; // the lowest address in the file
	// The segments of the file, with the layout that they have in the target: the byte at the
	// target's address A is at image + (A - bias - base).
	const uint8_t *image;
	size_t image_size;
	uintptr_t eh_frame_hdr; // an address in image, or 0
	size_t eh_frame_hdr_size;
	struct rcgo_object *object; // names of its code
	bool object_tried;
};

// Whether the stack of a thread was read.
enum read_state {
	READ_NOT_YET,
	READ_BLOCKED, // while it was blocked
	READ_STOPPED, // for the moment of reading
	READ_TORN,    // it ran while it was read
	READ_EXITED,
	READ_CORE,
};

// A copy of target memory, made when a thread's stack was read.
struct region {
	uint64_t address;
	size_t size;
	uint8_t *bytes; // in the target's keep
};
#define REGIONS_MAX 32
#define KEEP_SIZE ((size_t)2 << 20)

// The M of a thread, in one Go runtime. In a process with two runtimes a thread may
// have an M in each.
struct thread_m {
	const struct go_runtime *runtime;
	uint64_t m; // its address
	// From the list of Ms: the addresses of g0, curg and gsignal, the end of g0's stack, and
	// the used part of curg's stack. They may have changed since.
	uint64_t g[3], g0_end, curg_sp, curg_end;
};
#define THREAD_MS_MAX 3

struct thread {
	pid_t tid;    // here
	pid_t ns_tid; // in the target's own PID namespace
	char name[32];
	enum read_state read;
	int error; // why it could not be read
	bool running;
	bool in_syscall;
	long syscall;
	uint64_t args[6];
	int64_t blocked_ms; // -1: not known
	// By the DWARF numbers of the target's CPU, as in struct rcgo_target_thread.
	uint64_t pc, sp, reg[RCGO_TARGET_REGISTERS], known;
	struct region region[REGIONS_MAX];
	unsigned regions;
	struct thread_m own[THREAD_MS_MAX];
	unsigned ms;
	uint64_t sched;	   // changes whenever the thread runs; 0: not known
	uint64_t seen;	   // the stamp of process_blocked, if it found the thread blocked; else 0
	bool asked;	   // a stop was requested, and the thread has not been released
	uint64_t switched; // how long it was stopped at most, in ns; before: since when
	int signal;	   // that was pending when it was stopped
	const struct stack *stack;
	struct goroutine *goroutine;
	int64_t waits_for; // a thread's ns_tid, or 0
	uint64_t waits_at;
	uint32_t waits_readers; // that hold the read-write lock
	const char *waits_kind; // NULL: not known
};

struct target {
	pid_t pid;
	pid_t files;	   // the thread by whose files in /proc it is read: the first that lives
	pid_t ns_pid;	   // in its own PID namespace; 0: not known
	const char *label; // process 123, core FILE
	bool core;
	struct rcgo_target from; // the source of all reads
	// Reads for a target that is neither a process nor a core; NULL otherwise.
	size_t (*read)(struct target *t, uint64_t address, void *to, size_t size);
	void *own; // of target_process_linux.c, or of read
	const char *sysroot, *debug, *exe;
	bool force;
	uint16_t machine;
	struct module **module; // by address; one that was unloaded is in no list, but stays
	size_t modules;
	struct thread *thread;
	size_t threads;
	size_t stopped;
	uint64_t together_ns; // how long all threads were stopped together; 0: they were not
	uint64_t waited_ns;   // until threads were stopped
	uint64_t firm_ns;     // for threads that were not woken by the stop
	uint8_t *keep;	      // KEEP_SIZE bytes for the regions of the current thread
	size_t kept;
	struct target_blocks *blocks; // of target_read_near
	uint64_t forgotten;	      // calls of target_forget
	bool same_root;
	const struct walker *walker; // of its CPU
	struct rcgo_arena arena;
	struct rcgo_dwarf_memory names;
	uint16_t names_id;
};

// The options of `rcgo stack`.
struct stack_options {
	bool all, c_only, stop, no_stop, runtime, json, folded, force;
	pid_t thread;
	const char *pprof, *debug, *exe, *sysroot;
};

// target_process_linux.c. process_freebsd.c has no live processes: its process_open ends rcgo with
// a message.
int process_open(struct target *t, pid_t pid);
void process_threads(struct target *t);
void process_more_threads(struct target *t);
bool process_blocked(struct target *t, struct thread *th, uint64_t *stamp);
bool process_still_blocked(struct target *t, struct thread *th);
// Returns whether a signal that the thread does not block is pending for it.
bool process_has_signal(const struct target *t, const struct thread *th);
// Returns which process traces the thread, such as a debugger, as text; NULL if none does.
const char *process_tracer(const struct target *t, const struct thread *th);
// Returns the state letter of /proc/TID/stat; NUL if it is not known. A thread in state D, which
// waits for a disk or for its child of vfork, cannot be stopped.
char process_thread_state(const struct target *t, const struct thread *th);
void process_names(struct target *t);
void process_blocked_for(struct target *t);

// target_maps_linux.c: the objects of a live process
// Lists the objects. May be called again. Sets *changed if objects were loaded or unloaded since.
int process_modules(struct target *t, bool *changed);

// target_stop_linux.c: functions return 0, or -errno. The thread stays stopped until
// process_release.
int process_stop(struct target *t, struct thread *th);
// process_stop in two steps, so that many threads can stop at the same time.
int process_ask_stop(struct target *t, struct thread *th);
int process_await_stop(struct target *t, struct thread *th);
void process_release(struct target *t, struct thread *th);
// Returns whether a stop of the blocked thread may end its system call with EINTR.
bool process_feels_stop(const struct target *t, const struct thread *th);
// Gives rcgo the highest priority among ordinary processes, if the kernel permits that, or restores
// its own. Returns whether it had the highest before.
bool process_hurry(bool on);
// Releases a thread that did not stop in time, if it has stopped since.
void process_release_late(struct target *t, struct thread *th);

// target_permission_linux.c
// Ends rcgo with an error that says that the process does not exist, or why access is denied and
// the three ways to get it: as root, as a container, and otherwise. err is an errno, command the
// words after rcgo.
_Noreturn void process_fail(pid_t pid, int err, const char *command, const char *otherwise);

// target_core.c: ends rcgo on an error
void core_open(struct target *t, const char *path);
// Reads from the core file, and else from the files that were mapped.
size_t core_read(struct target *t, uint64_t address, void *to, size_t size);

// target_module.c
struct module *target_add_module(struct target *t, const char *path);
void target_sort_modules(struct target *t);
struct module *module_find(struct target *t, uint64_t address);
bool module_open(struct target *t, struct module *m);
// Returns the bytes of the file from an address of the target to the end of the object; none if the
// file is not open.
struct rcgo_bytes module_bytes(const struct module *m, uint64_t address);
uint64_t module_build_id(const struct module *m, uint8_t *id, size_t cap);
// target_eh_frame.c: finds the .eh_frame of an object without section headers by its content.
bool module_search_eh_frame(const struct module *m, const uint8_t **at, size_t *size);

// target_read.c
// Reads up to size bytes. Returns how many of the first could be read.
size_t target_read_some(struct target *t, uint64_t address, void *to, size_t size);
bool target_read(struct target *t, uint64_t address, void *to, size_t size);
bool target_word(struct target *t, uint64_t address, uint64_t *word);
// Reads by blocks, which it caches, for lists of many small objects near each other. The data may
// be as old as the last target_forget.
bool target_read_near(struct target *t, uint64_t address, void *to, size_t size);
bool target_word_near(struct target *t, uint64_t address, uint64_t *word);
void target_forget(struct target *t);
// Reads from the thread's regions, else from the target's current memory; then sets *late.
bool thread_read(struct target *t, const struct thread *th, uint64_t address, void *to, size_t size,
	bool *late);
void thread_drop(struct target *t, struct thread *th);
// Maps and touches the memory that thread_keep copies to, so that no page of it is missing while a
// thread stands still.
void target_make_keep(struct target *t);
// Copies up to size bytes from each of n addresses, at most 16, to the thread's regions. Bytes that
// cannot be read are left out.
void thread_keep(
	struct target *t, struct thread *th, const uint64_t *address, const size_t *size, size_t n);
// Returns the copy of [address, address + size), or NULL if the regions do not contain all of it.
const uint8_t *thread_kept(const struct thread *th, uint64_t address, size_t size);

#endif // STACK_TARGET_H
