// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && !race && !msan && !asan

package lay

import "unsafe"

// In assembly; Go code never calls them by name: their arguments are in registers.
func take()
func lay()

func hasAVX2() bool

var takePC, layPC uintptr

// HasOwn says whether threads have slots of their own, and get them by Take.
const HasOwn = true

// Take makes *get a function that gives a slot of this thread, or else what *get gave before.
// The slots are Slots of SlotSize bytes, and each begins with a Room.
func Take(get unsafe.Pointer, slots unsafe.Pointer) { bind(get, takePC, slots) }

// String makes *lay, a func(*Room, string) (unsafe.Pointer, error), one that copies usual strings and
// leaves others to what *lay was before.
func String(lay unsafe.Pointer) {
	if hasAVX2() {
		bind(lay, layPC, nil)
	}
}

func bind(f unsafe.Pointer, code uintptr, slots unsafe.Pointer) {
	at := (**closure)(f)
	*at = &closure{code: code, slow: (*at).code, slots: slots}
}

// Free gives a slot back. On amd64 a plain store is seen after all stores before it, and the compiler
// keeps stores in order.
func (r *Room) Free() { r.busy = 0 }
