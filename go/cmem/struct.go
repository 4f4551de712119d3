// SPDX-License-Identifier: BSD-3-Clause

package cmem

import "unsafe"

// Struct copies v into a and returns a pointer to the copy. Pointers in v must point to C memory, by the rules of cgo;
// Strings, String and Struct return such pointers.
func Struct[T any](a *Arena, v T) (*T, error) {
	list, err := Slice(a, []T{v})
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// Slice copies the elements of s into a and returns the slice of the copies. Pointers in them must point to C memory,
// by the rules of cgo.
func Slice[T any](a *Arena, s []T) ([]T, error) {
	var v T
	if unsafe.Alignof(v) > align {
		return nil, ErrMisaligned
	}
	size := unsafe.Sizeof(v)
	if size != 0 && uintptr(len(s)) > MaxSize/size {
		return nil, ErrTooLong
	}
	// Zeroed, because the write barrier would take the old contents for pointers.
	p, err := a.Zeroed(int(uintptr(len(s)) * size))
	if err != nil {
		return nil, err
	}
	to := unsafe.Slice((*T)(p), len(s))
	copy(to, s)
	return to, nil
}
