// SPDX-License-Identifier: BSD-3-Clause

package cmem

import "unsafe"

// Char is the type of C's characters: C.char, C.schar, C.uchar, int8, byte.
type Char interface{ ~int8 | ~uint8 }

// CString copies s to the arena and ends it with a NUL, as Arena.String does, and returns it with C's
// type: cmem.CString[C.char](a, name).
func CString[C Char](a *Arena, s string) (*C, error) {
	p, err := a.String(s)
	return (*C)(p), err
}

// CStrings copies the strings of list to the arena, as Arena.Strings does. The result is ended by
// NULL.
func CStrings[C Char](a *Arena, list []string) (**C, error) {
	p, err := a.Strings(list)
	return (**C)(p), err
}

// CBytes copies b to the arena, as Arena.Bytes does.
func CBytes[C Char](a *Arena, b []byte) (*C, error) {
	p, err := a.Bytes(b)
	return (*C)(p), err
}

// GoStringOf copies the C string at p.
func GoStringOf[C Char](p *C) (string, error) { return GoString(unsafe.Pointer(p)) }

// GoStringsOf copies the strings of a char ** that is ended by NULL.
func GoStringsOf[C Char](p **C) ([]string, error) { return GoStrings(unsafe.Pointer(p)) }

// BorrowStringOf returns the C string at p without copying it. The string is valid only while C
// neither frees nor changes the memory.
func BorrowStringOf[C Char](p *C) (string, error) { return BorrowString(unsafe.Pointer(p)) }

// BorrowOf returns the n elements at p as a slice without copying them. The slice is valid only
// while C does not free the memory.
func BorrowOf[T any](p *T, n int) ([]T, error) { return Borrow[T](unsafe.Pointer(p), n) }

// CopyOf copies the n elements at p.
func CopyOf[T any](p *T, n int) ([]T, error) { return Copy[T](unsafe.Pointer(p), n) }

// AllStrings loops over the strings of a char ** that is ended by NULL, with their indexes. It copies
// none: a string is valid only while C neither frees nor changes the memory. There is none in a
// nil pointer. The loop ends before a string that is longer than MaxSize.
//
//	for i, s := range cmem.AllStrings(C.environ) { // from Go 1.23 on
func AllStrings[C Char](p **C) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		if p == nil {
			return
		}
		at := unsafe.Pointer(p)
		for i := 0; *(**C)(at) != nil; i++ {
			s, err := BorrowStringOf(*(**C)(at))
			if err != nil || !yield(i, s) {
				return
			}
			at = unsafe.Add(at, unsafe.Sizeof(p))
		}
	}
}
