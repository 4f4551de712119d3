// SPDX-License-Identifier: BSD-3-Clause

package cmem

import (
	"unicode/utf8"
	"unsafe"
)

// BorrowString returns the C string at p as a Go string without a copy. The string is valid and unchanged only while C
// neither frees nor changes the memory.
func BorrowString(p unsafe.Pointer) (string, error) {
	if p == nil {
		return "", ErrNil
	}
	n := int(strlen(p))
	if n > MaxSize {
		return "", ErrTooLong
	}
	return borrow(p, n), nil
}

// BorrowStringN is BorrowString for n bytes of any value.
func BorrowStringN(p unsafe.Pointer, n int) (string, error) {
	if _, err := Borrow[byte](p, n); err != nil {
		return "", err
	}
	return borrow(p, n), nil
}

func borrow(p unsafe.Pointer, n int) string {
	s := struct {
		p unsafe.Pointer
		n int
	}{p, n}
	return *(*string)(unsafe.Pointer(&s))
}

// GoString copies the C string at p.
func GoString(p unsafe.Pointer) (string, error) {
	s, err := BorrowString(p)
	return string([]byte(s)), err
}

// GoStringUTF8 copies the C string at p if it is valid UTF-8.
func GoStringUTF8(p unsafe.Pointer) (string, error) {
	s, err := GoString(p)
	if err == nil && !utf8.ValidString(s) {
		return "", ErrUTF8
	}
	return s, err
}

// Borrow returns the n elements at p as a slice without a copy. The slice is valid only until C frees the memory.
func Borrow[T any](p unsafe.Pointer, n int) ([]T, error) {
	var v T
	size := unsafe.Sizeof(v)
	switch {
	case n < 0:
		return nil, ErrNegative
	case n == 0:
		return nil, nil
	case p == nil:
		return nil, ErrNil
	case size != 0 && uintptr(n) > MaxSize/size:
		return nil, ErrTooLong
	case uintptr(p)%unsafe.Alignof(v) != 0:
		return nil, ErrMisaligned
	}
	return unsafe.Slice((*T)(p), n), nil
}

// Copy copies the n elements at p.
func Copy[T any](p unsafe.Pointer, n int) ([]T, error) {
	s, err := Borrow[T](p, n)
	if err != nil {
		return nil, err
	}
	return append([]T(nil), s...), nil
}

// GoStrings copies the strings of a char ** that is terminated by NULL.
func GoStrings(p unsafe.Pointer) ([]string, error) {
	if p == nil {
		return nil, ErrNil
	}
	if uintptr(p)%unsafe.Alignof(p) != 0 {
		return nil, ErrMisaligned
	}
	var list []string
	for ; *(*unsafe.Pointer)(p) != nil; p = unsafe.Add(p, unsafe.Sizeof(p)) {
		s, err := GoString(*(*unsafe.Pointer)(p))
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return list, nil
}
