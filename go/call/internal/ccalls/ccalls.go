// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package ccalls

/*
#include "ccalls.h"
#include <stdlib.h>
*/
import "C"

import "unsafe"

// This fails to compile if the mirror differs in size from the C structure.
var _ = [1]int{}[unsafe.Sizeof(Record{})-C.sizeof_struct_call_record]

// NewRecords allocates n records; it returns nil if there is no memory.
func NewRecords(n int) unsafe.Pointer { return C.calloc(C.size_t(n), C.sizeof_struct_call_record) }

// FreeRecords frees them.
func FreeRecords(p unsafe.Pointer) { C.free(p) }

// Run makes n calls.
func Run(p unsafe.Pointer, n int) { C.rcgo_call_batch((*C.struct_call_record)(p), C.size_t(n)) }

// TakeSignal returns the signal that Interrupt sends, and reserves it at the first call. It returns 0 if none is free.
func TakeSignal() int { return int(C.rcgo_call_take_signal()) }

// Interrupt sends the signal to a thread.
func Interrupt(tid int) { C.rcgo_call_interrupt(C.int(tid)) }
