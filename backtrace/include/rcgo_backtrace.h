// SPDX-License-Identifier: BSD-3-Clause
// rcgo_backtrace.h: C stacks and their names, also inside signal handlers. The functions allocate
// nothing, take no lock and never fault, whatever the state of the process. They read the unwind
// information (.eh_frame, .debug_frame), the symbol tables and the DWARF of loaded objects.
//
// In a program built by `rcgo build` these functions are already there (runtime_cgo.h includes this
// file). Any other C or C++ program links librcgo_backtrace.a and calls rcgo_backtrace_init first.
//
// Safety lines use the words of glibc's manual (attributes(7)): MT-Safe functions may be called by
// any number of threads at once, AS-Safe functions may be called in signal handlers. stack=any: at
// most 4 KiB of stack is used; stack=signal: at most 32 KiB.
#ifndef RCGO_BACKTRACE_H
#define RCGO_BACKTRACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

// How these functions are declared. runtime_cgo.h makes them weak.
#ifndef RCGO_BACKTRACE_API
#	ifdef RCGO_COMPAT_H
#		define RCGO_BACKTRACE_API RCGO_EXPORT
#	else
#		define RCGO_BACKTRACE_API extern
#	endif
#endif

// One function at a program counter. The innermost function comes first. Each function but the last
// was inlined into the one that follows it. The last is marked inlined only when the caller's array
// was too short for the rest of the chain.
struct rcgo_frame {
	const char *function; // as the linker knows it, which may be mangled; NULL: unknown
	const char *file;     // NULL: unknown
	uint32_t line;	      // 0: unknown
	uint32_t column;      // 0: unknown
	uintptr_t entry;      // first address of the function that holds the code; 0: unknown
	bool inlined;
};

// Prepares this process: records which objects are loaded. Call it once, early in main, before
// other threads exist. Without it the functions below ask the kernel for each object, which is
// slower. After a dlopen a further call makes the new object's frames as fast as the others.
// Safety: MT-Safe AS-Unsafe | stack=os g=maybe-nil errno=kept alloc=no lock=dl
RCGO_BACKTRACE_API void rcgo_backtrace_init(void);

// Stores the program counters of the calling thread's C frames in pcs[0..max), innermost first,
// beginning with the caller of this function. Returns their number. Each is the address of a call
// instruction's last byte, so it can be given to rcgo_symbolize as it is. In a Go program unwinding
// ends where C was called from Go.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_backtrace(uintptr_t *pcs, size_t max);

// Stores the program counters of the code that a signal interrupted. ucontext is the third argument
// of the signal handler. The first program counter is that of the interrupted instruction.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_backtrace_from_context(
	const void *ucontext, uintptr_t *pcs, size_t max);

// Names a program counter that one of the two functions above has stored. Stores the functions in
// frames[0..max), innermost first, and the strings that they point to in text[0..size). Returns the
// number of frames, which is at least 1 if max is not 0: where no function is known, the frame
// names the object and the offset in it. The first call for an object opens files, which takes
// about a millisecond.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_BACKTRACE_API size_t rcgo_symbolize(
	uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size);

#ifdef __cplusplus
}
#endif

#endif // RCGO_BACKTRACE_H
