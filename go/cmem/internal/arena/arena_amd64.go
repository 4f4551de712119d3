// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !race && !msan && !asan

package arena

import "unsafe"

// Implemented in assembly. Go code never calls them by name: their arguments are in registers.
func take()
func copyString()

func hasAVX2() bool

var takePC, copyStringPC uintptr

// HasOwn says whether each thread has a slot of its own, which Take returns.
const HasOwn = true

// Take makes *get a function that returns the slot of this thread, or else the result of the previous *get. The slots
// are Slots of SlotSize bytes, and each begins with a Space.
func Take(get unsafe.Pointer, slots unsafe.Pointer) { bind(get, takePC, slots) }

// String replaces *f, a func(*Space, string) (unsafe.Pointer, error), by one that copies short strings
// itself and passes other strings to the previous *f.
func String(f unsafe.Pointer) {
	if hasAVX2() {
		bind(f, copyStringPC, nil)
	}
}

func bind(f unsafe.Pointer, code uintptr, slots unsafe.Pointer) {
	at := (**closure)(f)
	*at = &closure{code: code, slow: (*at).code, slots: slots}
}

// Free releases a slot. On amd64 a plain store becomes visible after all earlier stores, and the compiler keeps stores
// in order.
func (r *Space) Free() { r.busy = 0 }
