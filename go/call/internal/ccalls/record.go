// SPDX-License-Identifier: BSD-3-Clause

// Package ccalls is the C side of package call.
package ccalls

// A Record mirrors struct call_record.
type Record struct {
	Fn     uintptr
	Args   [6]uintptr
	Result uintptr
}
