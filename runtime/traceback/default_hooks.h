// SPDX-License-Identifier: BSD-3-Clause
// The default hooks: the traceback function and the symbolizer of a program that registers none.
// They also serve C code (runtime_cgo.h). Go's variables point to them from the first instruction
// on (runtime/overlay/rcgo_traceback.go). While Go starts, x_cgo_default_start decides whether they
// stay. Re-read runtime/traceback.go (SetCgoTraceback, cgoContextPCs) and runtime/symtab.go
// (moduledata).
//
// State: one word, set when the unwinder is configured. It is written once while Go starts, and
// read anywhere.
//
// Callers and stacks:
//   x_cgo_default_start       init of our Go file, by cgocall, on g0, before the program's inits
//   x_cgo_default_traceback   x_cgo_callers, in a signal handler; Go, by cgocall, or on the 32 KiB
//                             signal stack while crashing
//   x_cgo_default_symbolizer  Go, as for x_cgo_default_traceback
//
// A program that calls runtime.SetCgoTraceback uses its own functions only. Go's linker keeps
// SetCgoTraceback only if the program calls it. So x_cgo_default_start looks for its name in Go's
// function table, which works however late the call comes: see doc/decisions.
//
// Differences between Go versions: up to 1.25 Go calls the functions that its variables point to.
// From 1.26 Go calls part 3, so the hooks are also registered with part 1.
//
// A port must: provide what the unwinder and the symbolizer need, and nothing more.
#ifndef RCGO_DEFAULT_HOOKS_H
#define RCGO_DEFAULT_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// A Go slice.
struct rcgo_go_slice {
	const void *array;
	intptr_t len;
	intptr_t cap;
};

// Go's description of the code of one module: its first fields.
// GO: runtime/symtab.go struct moduledata: pcHeader funcnametab cutab filetab pctab pclntable ftab findfunctab minpc maxpc text etext ...
struct rcgo_go_module {
	const struct rcgo_go_pc_header *pcHeader;
	struct rcgo_go_slice funcnametab;
	struct rcgo_go_slice cutab;
	struct rcgo_go_slice filetab;
	struct rcgo_go_slice pctab;
	struct rcgo_go_slice pclntable;
	struct rcgo_go_slice ftab;
	uintptr_t findfunctab;
	uintptr_t minpc;
	uintptr_t maxpc;
	uintptr_t text;
	uintptr_t etext;
};

// The header of Go's function table: its first fields.
// GO: runtime/symtab.go struct pcHeader: magic pad1 pad2 minLC ptrSize nfunc nfiles ...
struct rcgo_go_pc_header {
	uint32_t magic;
	uint8_t pad1;
	uint8_t pad2;
	uint8_t minLC;
	uint8_t ptrSize;
	intptr_t nfunc;
	uintptr_t nfiles;
};

// An entry of ftab: where a function begins, as an offset from text.
// GO: runtime/symtab.go struct functab: entryoff funcoff
struct rcgo_go_func {
	uint32_t entryoff;
	uint32_t funcoff;
};

// Go's description of one function: its first fields.
// GO: runtime/runtime2.go struct _func: entryoff nameoff args deferreturn pcsp ... (go 1.19)
// GO: runtime/runtime2.go struct _func: entryOff nameOff args deferreturn pcsp ... (go 1.22-)
struct rcgo_go_func_info {
	uint32_t entryOff;
	int32_t nameOff;
	int32_t args;
	uint32_t deferreturn;
	uint32_t pcsp; // 0: a C function
};

// Returns whether Go's tables have a layout that this code knows.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_module_known(const struct rcgo_go_module *m);

// Returns whether the program contains the Go function name. name must begin and end with a NUL,
// and size counts both.
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_module_has(const struct rcgo_go_module *m, const char *name, size_t size);

// Returns the address where Go code begins. If Go's linker links C code too, it places the C code
// first.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__go_module_text(const struct rcgo_go_module *m);

// The argument of x_cgo_default_start: Go's two hook variables, the module that contains main.main,
// and Go's variable for the crash output file.
struct rcgo_default_start {
	rcgo_traceback_fn *traceback;
	rcgo_symbolizer_fn *symbolizer;
	const struct rcgo_go_module *module;
	uintptr_t *crash_fd;
	uintptr_t m;		// set by x_cgo_default_start: the calling thread's M
	uintptr_t locks_offset; // set after that: the offset of m.locks; 0: unknown
};

// Decides whether the default hooks describe C frames in this program, and initialises them if so.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_default_start(struct rcgo_default_start *arg);

// The default traceback function and symbolizer, as runtime.SetCgoTraceback takes them.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void x_cgo_default_traceback(struct cgoTracebackArg *arg);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void x_cgo_default_symbolizer(struct cgoSymbolizerArg *arg);

struct rcgo_frame;
struct rcgo_strbuf;

// Appends the name of the object that contains pc, such as " (libfoo.so)". Appends nothing if it is
// unknown. path is scratch memory of size bytes.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__name_object(struct rcgo_strbuf *t, uintptr_t pc, char *path, size_t size);

// Append the two lines that a report has for a frame, without their newlines. The first has the
// function, and the name of its object if there is no debug information; the second, which follows
// if the first function returns true, the file, line and pc. path is scratch memory of size bytes.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__append_frame_function(
	struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc, char *path, size_t size);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__append_frame_place(
	struct rcgo_strbuf *t, const struct rcgo_frame *f, uintptr_t pc);

// The symbolizer itself, called by x_cgo_default_symbolizer.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__default_symbolizer(struct cgoSymbolizerArg *arg);

// Writes the names of the function at pc and of its object into text. Writes nothing if neither is
// known.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__symbolize_callback(uintptr_t pc, char *text, size_t size);

#endif // RCGO_DEFAULT_HOOKS_H
