// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package heap

/*
#include <stddef.h>
#include <stdint.h>
#include <stdbool.h>
#include <string.h>

// As in runtime_cgo.h. A program without heap profiling has none of them.
extern int rcgo_heap_set_rate(uint64_t rate) __attribute__((weak));
extern const void *rcgo_heap_tables(size_t *size) __attribute__((weak));
extern size_t rcgo_heap_copy(unsigned part, void *out) __attribute__((weak));

struct frame {
	const char *function;
	const char *file;
	uint32_t line;
	uint32_t column;
	uintptr_t entry;
	bool inlined;
};
extern size_t rcgo_symbolize(uintptr_t pc, struct frame *frames, size_t max, char *text, size_t size)
	__attribute__((weak));

static int
built(void)
{
	return rcgo_heap_tables != 0;
}

static int
set_rate(uint64_t rate)
{
	return rcgo_heap_set_rate(rate);
}

static const void *
heap_tables(void)
{
	size_t size;

	return rcgo_heap_tables == 0 ? 0 : rcgo_heap_tables(&size);
}

static size_t
copy_part(unsigned part, void *out)
{
	return rcgo_heap_copy(part, out);
}

// Stores the offsets of the names in text; 0 for a name that is absent.
static size_t
symbolize(uintptr_t pc, char *text, size_t size, uint32_t *out, size_t max)
{
	struct frame frames[32];
	size_t n;

	if (rcgo_symbolize == 0) {
		return 0;
	}
	text[0] = 0;
	n = rcgo_symbolize(pc, frames, max < 32 ? max : 32, text + 1, size - 1);
	for (size_t i = 0; i < n; i++) {
		out[3 * i] = frames[i].function == 0 ? 0 : (uint32_t)(frames[i].function - text);
		out[3 * i + 1] = frames[i].file == 0 ? 0 : (uint32_t)(frames[i].file - text);
		out[3 * i + 2] = frames[i].line;
	}
	return n;
}
*/
import "C"

import (
	"sync/atomic"
	"syscall"
	"unsafe"
)

// Built says whether the program has heap profiling.
func Built() bool { return C.built() != 0 }

// SetRate sets the number of bytes between samples.
func SetRate(rate uint64) error {
	if !Built() {
		return ErrNotBuilt
	}
	if err := C.set_rate(C.uint64_t(rate)); err != 0 {
		return syscall.Errno(-err)
	}
	return nil
}

// Once the tables exist, they do not move.
var known unsafe.Pointer

func tables() *header {
	if p := atomic.LoadPointer(&known); p != nil {
		return (*header)(p)
	}
	p := unsafe.Pointer(C.heap_tables())
	atomic.StorePointer(&known, p)
	return (*header)(p)
}

func copyPart(part int, out unsafe.Pointer) int { return int(C.copy_part(C.unsigned(part), out)) }

// expand returns the last program counter once for each function that is inlined there. Without it,
// runtime.CallersFrames names only the innermost one. The runtime keeps this name for other packages.
//
//go:linkname expand runtime/pprof.runtime_expandFinalInlineFrame
func expand(pcs []uintptr) []uintptr

// nameC returns the functions at a C program counter, innermost first.
func nameC(pc uintptr) []Frame {
	var text [8192]byte
	var out [3 * 32]C.uint32_t
	n := int(C.symbolize(C.uintptr_t(pc), (*C.char)(unsafe.Pointer(&text[0])), C.size_t(len(text)), &out[0], 32))
	var frames []Frame
	for i := 0; i < n; i++ {
		f := Frame{Line: int(out[3*i+2]), C: true, Inlined: i+1 < n}
		if at := out[3*i]; at != 0 && int(at) < len(text) {
			f.Function = cString(&text[at])
		}
		if at := out[3*i+1]; at != 0 && int(at) < len(text) {
			f.File = cString(&text[at])
		}
		frames = append(frames, f)
	}
	return frames
}
