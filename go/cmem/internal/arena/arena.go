// SPDX-License-Identifier: BSD-3-Clause

// Package arena has the fast paths of package cmem in assembly. A package that uses cgo cannot contain Go assembly, so
// they are in a separate package.
package arena

import (
	"sync/atomic"
	"unsafe"
)

// Space is the free part of an arena, and the thread that may use it.
type Space struct {
	At, End uintptr // the free part of the current block; both are 0 before the first block
	owner   uintptr // the thread that may use this one of Slots
	busy    uint32  // 0 means free
}

// The layout of slots, and how a thread finds one.
const (
	SlotBits  = 8
	slotShift = 7
	SlotSize  = 1 << slotShift
	tries     = 4                   // slots that a thread tries
	spread    = -0x61c8864680b583eb // an odd number whose multiples are far apart
	Slots     = 1<<SlotBits + tries - 1
	longest   = 1024 // the longest string that is copied here; for longer ones the runtime's way is as fast
)

// A closure is what our func values point to.
type closure struct {
	code, slow uintptr
	slots      unsafe.Pointer
}

// TryTake acquires a slot for which threads compete.
func (r *Space) TryTake() bool { return atomic.CompareAndSwapUint32(&r.busy, 0, 1) }
