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

#ifdef __cplusplus
}
#endif

#endif // RCGO_BACKTRACE_H
