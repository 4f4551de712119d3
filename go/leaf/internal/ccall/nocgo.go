// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package ccall

// HasC says whether there is C in this program.
const HasC = false

const without = "leaf: built without cgo, so there is no C to call"

// Without C nothing can be called; no func value comes to be that would.
func Run(*Call)                                         { panic(without) }
func RunChecked(*Call, uintptr, uintptr, bool) Findings { panic(without) }
