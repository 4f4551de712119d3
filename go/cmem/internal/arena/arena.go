// SPDX-License-Identifier: BSD-3-Clause

// Package arena has the fast paths of package cmem in assembly. A package that uses cgo cannot contain
// Go assembly, so they are in a package of their own.
package arena

import (
	"sync/atomic"
	"unsafe"
)

// Space is what an arena has free, and who may take it.
type Space struct {
	At, End uintptr // the free part of the current block; both are 0 before there is one
	owner   uintptr // the thread that may take it from Slots
	busy    uint32  // 0 is free
}

// How slots lie, and how they are found.
const (
	SlotBits  = 8
	slotShift = 7
	SlotSize  = 1 << slotShift
	tries     = 4                   // slots that a thread looks at
	spread    = -0x61c8864680b583eb // an odd number whose multiples lie far from each other
	Slots     = 1<<SlotBits + tries - 1
	longest   = 1024 // what is copied here; the Go way of the runtime is as good for more
)

// A closure is what a func value of ours points to.
type closure struct {
	code, slow uintptr
	slots      unsafe.Pointer
}

// TryTake takes a slot for which threads compete.
func (r *Space) TryTake() bool { return atomic.CompareAndSwapUint32(&r.busy, 0, 1) }
