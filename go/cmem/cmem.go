// SPDX-License-Identifier: BSD-3-Clause

// Package cmem copies Go values to C memory for the duration of a call, and shows C memory to Go.
//
// An Arena is C memory that is filled from one end and released at once: no malloc, no free, and
// nothing to forget.
//
//	a := cmem.Get()
//	defer a.Put()
//	name, err := a.String(user.Name)
//	argv, err := a.Strings(args) // char **, ended by NULL
//	C.greet((*C.char)(name), (**C.char)(argv))
//
// What an arena gave out is valid until Put, or until Release of a Mark taken before; C must not
// keep it longer. For memory that stays, Alloc makes an Owned.
//
// The way back: GoString and Copy make Go values of C memory; BorrowString and Borrow only look at
// it, and are valid as long as the memory is.
//
// What C could misread is an error: a NUL inside a string, lengths of more than MaxSize, memory that
// is not aligned for its type, nil.
package cmem

import (
	"errors"
	"math"
)

// MaxSize is the longest string, slice or allocation: what C's int can count.
const MaxSize = math.MaxInt32

// What goes wrong.
var (
	ErrNUL        = errors.New("cmem: a NUL inside: C would take the string to end there")
	ErrTooLong    = errors.New("cmem: longer than 2 GB")
	ErrNoMemory   = errors.New("cmem: out of C memory")
	ErrNil        = errors.New("cmem: the pointer is nil")
	ErrMisaligned = errors.New("cmem: not aligned for its type")
	ErrNegative   = errors.New("cmem: negative length")
	ErrUTF8       = errors.New("cmem: not valid UTF-8")
)
