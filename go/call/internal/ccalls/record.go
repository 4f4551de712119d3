// SPDX-License-Identifier: BSD-3-Clause

// Package ccalls is the C side of package call.
package ccalls

import "unsafe"

// A Record mirrors struct call_record.
type Record struct {
	Fn     uintptr
	Args   [6]uintptr
	Result uintptr
}

// Set makes the record that of a call. It panics if there are more than six arguments.
func (r *Record) Set(fn unsafe.Pointer, args []uintptr) {
	r.Fn = uintptr(fn)
	switch len(args) {
	case 0:
	case 1:
		r.Args[0] = args[0]
	case 2:
		r.Args[0], r.Args[1] = args[0], args[1]
	default:
		copy(r.Args[:len(args)], args)
	}
}
