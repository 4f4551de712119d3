// SPDX-License-Identifier: BSD-3-Clause

package ccall

/*
#include "leafcall.h"

static void run_checked(struct leaf_call *call, uintptr_t g, uintptr_t sched, struct leaf_findings *f)
{
	rcgo_leaf_run_checked(call, g == 0 ? 0 : *(uintptr_t *)(g + sched), f);
}
*/
import "C"

import "unsafe"

// HasC says whether there is C in this program.
const HasC = true

// These fail to compile when a mirror has another size than its original.
var (
	_ = [1]int{}[unsafe.Sizeof(Call{})-C.sizeof_struct_leaf_call]
	_ = [1]int{}[unsafe.Sizeof(Findings{})-C.sizeof_struct_leaf_findings]
	_ = [1]int{}[unsafe.Sizeof(Facts{})-C.sizeof_struct_leaf_facts]
)

// Run makes an ordinary cgo call. The structure holds numbers only: what the arguments point to is
// the caller's to keep alive.
func Run(c *Call) {
	C.rcgo_leaf_run((*C.struct_leaf_call)(unsafe.Pointer(c)))
}

// RunChecked is Run under watch; g may be 0 when the layout is not known.
func RunChecked(c *Call, g, sched uintptr, callbacks bool) Findings {
	f := new(Findings)
	if callbacks {
		f.Callbacks = 1
	}
	C.run_checked((*C.struct_leaf_call)(unsafe.Pointer(c)), C.uintptr_t(g), C.uintptr_t(sched),
		(*C.struct_leaf_findings)(unsafe.Pointer(f)))
	return *f
}

// Observe fills in what stands in g and m during an ordinary cgo call; f.G is set. M or G0 is 0 when the
// word that should point to it does not.
func Observe(f *Facts) {
	C.rcgo_leaf_observe((*C.struct_leaf_facts)(unsafe.Pointer(f)))
}

// RunFn is rcgo_leaf_run, for a call of it by assembly.
var RunFn = C.rcgo_leaf_function(C.LEAF_RUN)

// EchoFn is rcgo_leaf_echo, which tells what it got.
var EchoFn = C.rcgo_leaf_function(C.LEAF_ECHO)

// Trampolines gives the function that adds errno to a call whose result is of a kind.
func Trampolines(kind int) unsafe.Pointer {
	return C.rcgo_leaf_function(C.int(kind))
}

// FrameFunction gives the C function that makes a call that lies in a Call on the goroutine's stack. It is
// for Cgocall.
func FrameFunction(which int) unsafe.Pointer {
	return C.rcgo_leaf_frame_function(uint32(which))
}
