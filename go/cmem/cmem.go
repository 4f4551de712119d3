// SPDX-License-Identifier: BSD-3-Clause

// Package cmem copies Go values to C memory for the duration of a call, and gives Go access to C memory.
//
// An Arena is C memory that is allocated from one end and released at once: no malloc, no free, and no leaks.
//
//	a := cmem.Get()
//	defer a.Put()
//	name, err := cmem.CString[C.char](a, user.Name)
//	argv, err := cmem.CStrings[C.char](a, args) // ended by NULL
//	C.greet(name, argv)
//
// The methods of an Arena return the same as an unsafe.Pointer, for fields of structures and for void *.
//
// Memory of an arena is valid until Put, or until Release of an earlier Mark; C must not keep it longer. For memory
// that stays, Alloc returns an Owned.
//
// In the other direction, GoStringOf and CopyOf copy C memory to Go values; BorrowStringOf, BorrowOf and AllStrings refer
// to it without a copy, and are valid as long as the memory is. GoString, Copy, BorrowString and Borrow do the same with
// an unsafe.Pointer.
//
// Data that C could misread is an error: a NUL inside a string, a length above MaxSize, memory that is not aligned for
// its type, nil.
package cmem

import (
	"errors"
	"math"
)

// MaxSize is the maximum length of a string, slice or allocation: the largest C int.
const MaxSize = math.MaxInt32

// The errors of this package.
var (
	ErrNUL        = errors.New("cmem: a NUL inside: C would take the string to end there")
	ErrTooLong    = errors.New("cmem: longer than 2 GB")
	ErrNoMemory   = errors.New("cmem: out of C memory")
	ErrNil        = errors.New("cmem: the pointer is nil")
	ErrMisaligned = errors.New("cmem: not aligned for its type")
	ErrNegative   = errors.New("cmem: negative length")
	ErrUTF8       = errors.New("cmem: not valid UTF-8")
)
