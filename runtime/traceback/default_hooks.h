// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, default: the traceback function and the symbolizer that a program has when
// it brings none, and the same for C code (runtime_cgo.h). Go's variables point to them from the
// first instruction on (runtime/overlay/rcgo_traceback.go); as Go starts, x_cgo_default_start
// decides whether they stay. Re-read runtime/traceback.go (SetCgoTraceback, cgoContextPCs) and
// runtime/symtab.go (moduledata).
//
// State: one word, that the walker has been told all that it wants to know. Written once, as Go
// starts; read anywhere.
//
// Callers and stacks:
//   x_cgo_default_start       our Go file's init by cgocall, on g0, before the program's own inits
//   x_cgo_default_traceback   x_cgo_callers, in a signal handler; Go, by cgocall or on the 32 KiB
//                             signal stack while crashing
//   x_cgo_default_symbolizer  Go, likewise
//
// A program that calls runtime.SetCgoTraceback gets its own functions and none of ours. The linker
// keeps that function only where somebody calls it, so its name in Go's function table is the
// answer, early enough whenever the call comes: see doc/decisions.
//
// Differences between Go versions: up to 1.25 Go calls what its variables point to; from 1.26 it
// asks part 3, so the hooks are handed to part 1 as well.
//
// A port must: nothing but what the walker and the symbolizer ask for.
#ifndef RCGO_DEFAULT_HOOKS_H
#define RCGO_DEFAULT_HOOKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "compat.h"
#include "go_types.h"

// A slice of Go.
struct rcgo_go_slice {
	const void *array;
	intptr_t len;
	intptr_t cap;
};

// What Go knows of the code of one object: the first words.
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

// The head of Go's table of functions: the first words.
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

// An entry of ftab: where a function begins, counted from text.
// GO: runtime/symtab.go struct functab: entryoff funcoff
struct rcgo_go_func {
	uint32_t entryoff;
	uint32_t funcoff;
};

// A function: the first words.
// GO: runtime/runtime2.go struct _func: entryoff nameoff args deferreturn pcsp ... (go 1.19)
// GO: runtime/runtime2.go struct _func: entryOff nameOff args deferreturn pcsp ... (go 1.22-)
struct rcgo_go_func_info {
	uint32_t entryOff;
	int32_t nameOff;
	int32_t args;
	uint32_t deferreturn;
	uint32_t pcsp; // 0: a function of C
};

// Whether Go's tables look as those that we know.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_module_known(const struct rcgo_go_module *m);

// Whether function name, as Go spells it, is part of the program. name begins and ends with a NUL;
// size counts both.
// Safety: MT-Safe AS-Unsafe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__go_module_has(const struct rcgo_go_module *m, const char *name, size_t size);

// Where Go's own code begins: Go's linker, when it links C as well, puts that in front.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uintptr_t rcgo__go_module_text(const struct rcgo_go_module *m);

// What x_cgo_default_start gets: Go's two variables, the module of main.main, and Go's variable for
// the file of crashes.
struct rcgo_default_start {
	rcgo_traceback_fn *traceback;
	rcgo_symbolizer_fn *symbolizer;
	const struct rcgo_go_module *module;
	uintptr_t *crash_fd;
};

// Decides who describes C frames in this program, and makes ready if it is us.
// Safety: MT-Unsafe AS-Unsafe | stack=g0 g=set errno=set alloc=libc lock=libc
RCGO_EXPORT void x_cgo_default_start(const struct rcgo_default_start *arg);

// What runtime.SetCgoTraceback wants as its traceback function, and as its symbolizer.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void x_cgo_default_traceback(struct cgoTracebackArg *arg);
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_EXPORT void x_cgo_default_symbolizer(struct cgoSymbolizerArg *arg);

struct rcgo_strbuf;

// Appends " (libfoo.so)", the object that holds pc; nothing when it is not known. path is scratch
// memory of size bytes.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__name_object(struct rcgo_strbuf *t, uintptr_t pc, char *path, size_t size);

// What runtime.SetCgoTraceback wants as its symbolizer.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__default_symbolizer(struct cgoSymbolizerArg *arg);

// Writes the function at pc and its object into text; nothing when neither is known.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__symbolize_callback(uintptr_t pc, char *text, size_t size);

#endif // RCGO_DEFAULT_HOOKS_H
