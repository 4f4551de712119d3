// SPDX-License-Identifier: BSD-3-Clause

package leaf

import (
	"errors"
	"fmt"
	"reflect"
	"syscall"

	"rcgo.example/leaf/internal/ccall"
)

const (
	maxInts   = 6 // integer registers that both Go and C use for arguments
	maxFloats = 8
)

// A signature is the part of a function's type that matters for a call.
type signature struct {
	in      []reflect.Kind
	ints    int // number of registers, not of parameters
	floats  int
	result  int  // ccall.Nothing and so on
	pointer bool // the result is one
	errno   bool
}

var errnoType = reflect.TypeOf(syscall.Errno(0))

func signatureOf(t reflect.Type) (*signature, error) {
	if t.Kind() != reflect.Func {
		return nil, fmt.Errorf("%s is no function type", t)
	}
	if t.IsVariadic() {
		return nil, errors.New("a variadic function cannot be a leaf: its callee looks for the arguments elsewhere")
	}
	s := &signature{}
	for i := 0; i < t.NumIn(); i++ {
		kind := t.In(i).Kind()
		switch kind {
		case reflect.Float32, reflect.Float64:
			s.floats++
		case reflect.String:
			s.ints += 2
		default:
			if !isWord(kind) {
				return nil, fmt.Errorf("parameter %d: %s is not passed in one register%s", i+1, t.In(i), hint(kind))
			}
			s.ints++
		}
		s.in = append(s.in, kind)
	}
	if s.ints > maxInts || s.floats > maxFloats {
		return nil, fmt.Errorf("%d integers and %d floats: at most %d and %d fit into registers", s.ints, s.floats, maxInts, maxFloats)
	}
	return s, s.results(t)
}

func (s *signature) results(t reflect.Type) error {
	n := t.NumOut()
	if n > 0 && t.Out(n-1) == errnoType {
		s.errno = true
		n--
	}
	if n > 1 {
		return errors.New("C gives one result; a second can only be syscall.Errno")
	}
	if n == 0 {
		return nil
	}
	switch kind := t.Out(0).Kind(); {
	case kind == reflect.Float64:
		s.result = ccall.Double
	case kind == reflect.Float32:
		s.result = ccall.Float
	case isWord(kind), kind == reflect.Bool, kind == reflect.Int8, kind == reflect.Uint8,
		kind == reflect.Int16, kind == reflect.Uint16:
		s.result = ccall.Integer
		s.pointer = kind == reflect.Ptr || kind == reflect.UnsafePointer
	default:
		return fmt.Errorf("the result, %s, is not given in one register", t.Out(0))
	}
	return nil
}

// pointerMasks has all ones for each integer register that holds a pointer.
func (s *signature) pointerMasks() (masks [maxInts]uintptr) {
	word := 0
	for _, kind := range s.in {
		switch kind {
		case reflect.Float32, reflect.Float64:
			continue
		case reflect.String:
			masks[word] = ^uintptr(0)
			word++
		case reflect.Ptr, reflect.UnsafePointer:
			masks[word] = ^uintptr(0)
		}
		word++
	}
	return masks
}

// isWord reports whether C and Go agree on all bits of a parameter that C reads.
func isWord(k reflect.Kind) bool {
	switch k {
	case reflect.Int, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint32, reflect.Uint64,
		reflect.Uintptr, reflect.Ptr, reflect.UnsafePointer:
		return true
	}
	return false
}

func hint(k reflect.Kind) string {
	switch k {
	case reflect.Bool, reflect.Int8, reflect.Int16, reflect.Uint8, reflect.Uint16:
		return " in full: C promotes it to int, so use int32"
	case reflect.Slice:
		return ": pass &s[0] and its length"
	case reflect.Struct, reflect.Array:
		return ": pass a pointer"
	}
	return ""
}
