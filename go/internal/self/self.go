// SPDX-License-Identifier: BSD-3-Clause

//go:build amd64 || arm64

// Package self tells goroutines apart.
package self

// G gives the address of the runtime's record of the calling goroutine. No other goroutine has it while
// this one lives, and the runtime never frees it: a later goroutine may get it. It says nothing else.
func G() uintptr

// Known says whether G does.
const Known = true
