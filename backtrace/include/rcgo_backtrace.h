// SPDX-License-Identifier: BSD-3-Clause
// rcgo_backtrace.h: unwinds and symbolizes C stacks, also in signal handlers. The functions do not
// allocate, do not take locks and do not fault, whatever the state of the process. They read the
// unwind information (.eh_frame, .debug_frame), the symbol tables and the DWARF of loaded objects.
//
// In a program built by `rcgo build` these functions are already linked in; runtime_cgo.h includes
// this file. Any other C or C++ program links librcgo_backtrace.a and calls rcgo_backtrace_init
// first.
//
// Safety lines use the terms of glibc's manual, attributes(7). Any number of threads may call an
// MT-Safe function at once. A signal handler may call an AS-Safe function. stack=any: the function
// uses at most 4 KiB of stack. stack=signal: at most 32 KiB.
#ifndef RCGO_BACKTRACE_H
#define RCGO_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// The linkage of these functions. runtime_cgo.h declares them weak.
#ifndef RCGO_BACKTRACE_API
#	ifdef RCGO_COMPAT_H
#		define RCGO_BACKTRACE_API RCGO_EXPORT
#	else
#		define RCGO_BACKTRACE_API extern
#	endif
#endif

// One function at a program counter. The innermost function comes first. Each function but the last
// was inlined into the next one in the array. The last one is marked inlined only if the caller's
// array was too short for the rest of the chain.
struct rcgo_frame {
	const char *function; // linker name, possibly mangled; NULL: unknown
	const char *file;     // NULL: unknown
	uint32_t line;	      // 0: unknown
	uint32_t column;      // 0: unknown
	uintptr_t entry;      // first address of the function that contains the code; 0: unknown
	bool inlined;
};

// Records which objects are loaded in this process. Call it once, early in main, before other
// threads exist. Without this call, the functions below ask the kernel for each object, which is
// slower. After a dlopen, another call makes the frames of the new object as fast as the others.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_BACKTRACE_API void rcgo_backtrace_init(void);

// Stores the program counters of the calling thread's C frames in pcs[0..max), innermost first,
// starting with the caller of this function. Returns their number. Each value is the address of the
// last byte of a call instruction and can be passed to rcgo_symbolize unchanged. In a Go program,
// unwinding ends where Go called C.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_backtrace(uintptr_t *pcs, size_t max);

// Stores the program counters of the code that a signal interrupted, as rcgo_backtrace does.
// ucontext is the third argument of the signal handler. The first program counter is the address of
// the interrupted instruction.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_backtrace_from_context(
	const void *ucontext, uintptr_t *pcs, size_t max);

// Symbolizes a program counter that one of the two functions above stored. Stores the functions in
// frames[0..max), innermost first, and their strings in text[0..size). Returns the number of
// frames, which is at least 1 unless max is 0. If no function is known, the frame names the object
// and the offset in it. The first call for an object opens files, which takes about a millisecond.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_symbolize(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

// Targets. A target is a program whose memory, threads and modules are read: this process, another
// process, or a core file. Addresses and sizes are those of the target, and nothing that it
// contains is trusted. A target is read as it is at the moment: the program may go on running.
// Programs built by `rcgo build` do not have these functions; link librcgo_backtrace.a.

// A mapped file, or the vDSO: all adjacent mappings that belong to one object.
struct rcgo_target_module {
	const char *path;    // as the target names it; "[vdso]"; valid during the visit
	uint64_t start, end; // first to last mapping
	uint64_t first_end;  // of the first mapping
	uint64_t offset;     // of the first mapping in the file, in bytes
	uint64_t inode;	     // 0: unknown, as in a core file
};

// The registers of a thread, by the DWARF numbers of the target's CPU. In the last register of
// amd64, 16, is the program counter.
#define RCGO_TARGET_REGISTERS 33
struct rcgo_target_thread {
	int32_t tid;
	uint64_t pc;
	uint64_t reg[RCGO_TARGET_REGISTERS];
	uint64_t known;	  // bit i: reg[i] is known. 0: neither pc nor any register is
	int64_t syscall;  // number of the system call that the thread is in; -1: none
	uint64_t args[6]; // its arguments, as far as known
	unsigned nr_args;
};

struct rcgo_target_piece {
	uint64_t address;
	void *to;
	size_t size;
};

struct rcgo_target;

// Visitors return true to stop.
typedef bool (*rcgo_target_module_fn)(const struct rcgo_target_module *module, void *arg);
typedef bool (*rcgo_target_thread_fn)(const struct rcgo_target_thread *thread, void *arg);

// A kind of target. A program may have kinds of its own, such as a connection to a debugger's stub.
struct rcgo_target_ops {
	size_t (*read)(const struct rcgo_target *target, uint64_t address, void *to, size_t size);
	// NULL: read is called for each piece.
	size_t (*read_pieces)(const struct rcgo_target *target,
		const struct rcgo_target_piece *piece, size_t count);
	int (*each_module)(
		const struct rcgo_target *target, rcgo_target_module_fn visit, void *arg);
	int (*each_thread)(
		const struct rcgo_target *target, rcgo_target_thread_fn visit, void *arg);
	int (*registers)(
		const struct rcgo_target *target, int32_t tid, struct rcgo_target_thread *thread);
	bool (*auxv)(const struct rcgo_target *target, uint64_t type, uint64_t *value);
	void (*close)(struct rcgo_target *target);
};

struct rcgo_target {
	const struct rcgo_target_ops *ops;
	int32_t pid;	    // 0: a core file
	uint16_t machine;   // EM_*
	uint64_t state[32]; // of ops
};

// Open this process, the process with this PID, and the core file at path. They return 0, or
// -errno. -ENOEXEC: no ELF file; -EINVAL: an ELF file but no core file; -ENOTSUP: not of a 64-bit
// little-endian CPU; -EPERM or -EACCES: not permitted; -ENOSYS: not on this system, as processes on
// FreeBSD. On error nothing has to be closed.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_open_self(struct rcgo_target *target);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_open_process(struct rcgo_target *target, int32_t pid);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_open_core(struct rcgo_target *target, const char *path);

// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API void rcgo_target_close(struct rcgo_target *target);

// Copies up to size bytes at address. Returns how many of the first could be read. A core file
// often lacks code and constants; they are in the files of its modules.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_target_read(
	const struct rcgo_target *target, uint64_t address, void *to, size_t size);

// Copies up to 16 pieces in one system call, up to the first byte that cannot be read. Returns how
// many bytes in all.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_target_read_pieces(
	const struct rcgo_target *target, const struct rcgo_target_piece *piece, size_t count);

// Call visit for each module, by address, and for each thread. In a process a thread comes with its
// number only; rcgo_target_registers has the rest. They return 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_each_module(
	const struct rcgo_target *target, rcgo_target_module_fn visit, void *arg);

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_each_thread(
	const struct rcgo_target *target, rcgo_target_thread_fn visit, void *arg);

// Finds what is known of a thread without stopping it: all registers in a core file; the stack
// pointer, the program counter and the arguments of the system call of a thread that is blocked in
// the kernel. Returns 0, or -errno.
// -EBUSY: the thread runs; -ESRCH: it does not exist.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API int rcgo_target_registers(
	const struct rcgo_target *target, int32_t tid, struct rcgo_target_thread *thread);

// Finds an entry of the auxiliary vector (AT_*). Returns whether there is one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API bool rcgo_target_auxv(
	const struct rcgo_target *target, uint64_t type, uint64_t *value);

#ifdef __cplusplus
}
#endif

#endif // RCGO_BACKTRACE_H
