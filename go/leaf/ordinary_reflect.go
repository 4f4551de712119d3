// SPDX-License-Identifier: BSD-3-Clause

//go:build !(cgo && !windows && !msan && (amd64 || arm64))

package leaf

import (
	"math"
	"reflect"
	"runtime"
	"syscall"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// ordinary makes f a Go function that packs its arguments, makes a cgo call and unpacks the result. It is for CPUs
// without an entry in assembly.
func ordinary(f reflect.Value, sig *signature, name string, fn unsafe.Pointer) {
	c := &caller{name: name, fn: fn, kind: int32(sig.result)}
	if fillCommon(f, c) {
		return
	}
	t := f.Type()
	f.Set(reflect.MakeFunc(t, func(args []reflect.Value) []reflect.Value {
		call := &ccall.Call{Fn: uintptr(fn), Kind: int32(sig.result)}
		sig.pack(call, args)
		c.run(call)
		runtime.KeepAlive(args)
		return sig.unpack(call, t)
	}))
}

// A caller makes the ordinary calls of one function.
type caller struct {
	name string
	fn   unsafe.Pointer
	kind int32
}

func (c *caller) run(call *ccall.Call) {
	if checking() {
		check(c.name, call)
	} else {
		ccall.Run(call)
	}
}

func (c *caller) ints(a ...uintptr) uintptr {
	call := &ccall.Call{Fn: uintptr(c.fn), Kind: c.kind}
	copy(call.Ints[:], a)
	c.run(call)
	return call.Result
}

func (c *caller) floats(a ...float64) float64 {
	call := &ccall.Call{Fn: uintptr(c.fn), Kind: c.kind}
	for i, x := range a {
		call.Floats[i] = math.Float64bits(x)
	}
	c.run(call)
	return math.Float64frombits(call.FResult)
}

// fillCommon does the same as ordinary for common types, without reflection. It returns false for other types.
func fillCommon(f reflect.Value, c *caller) bool {
	switch p := f.Addr().Interface().(type) {
	case *func():
		*p = func() { c.ints() }
	case *func() uintptr:
		*p = func() uintptr { return c.ints() }
	case *func(uintptr) uintptr:
		*p = func(a uintptr) uintptr { return c.ints(a) }
	case *func(uintptr, uintptr) uintptr:
		*p = func(a, b uintptr) uintptr { return c.ints(a, b) }
	case *func(uintptr, uintptr, uintptr) uintptr:
		*p = func(a, b, d uintptr) uintptr { return c.ints(a, b, d) }
	case *func(unsafe.Pointer):
		*p = func(a unsafe.Pointer) {
			c.ints(uintptr(a))
			runtime.KeepAlive(a)
		}
	case *func(unsafe.Pointer) uintptr:
		*p = func(a unsafe.Pointer) uintptr {
			r := c.ints(uintptr(a))
			runtime.KeepAlive(a)
			return r
		}
	case *func(float64) float64:
		*p = func(a float64) float64 { return c.floats(a) }
	case *func(float64, float64) float64:
		*p = func(a, b float64) float64 { return c.floats(a, b) }
	case *func(float64, float64, float64) float64:
		*p = func(a, b, d float64) float64 { return c.floats(a, b, d) }
	default:
		return false
	}
	return true
}

func (s *signature) pack(call *ccall.Call, args []reflect.Value) {
	ints, floats := 0, 0
	word := func(w uintptr) {
		call.Ints[ints] = w
		ints++
	}
	for i, kind := range s.in {
		v := args[i]
		switch kind {
		case reflect.Float64:
			call.Floats[floats] = math.Float64bits(v.Float())
			floats++
		case reflect.Float32:
			// The upper half is all ones: riscv64 requires that of a float32, and other CPUs ignore it.
			call.Floats[floats] = 0xffffffff<<32 | uint64(math.Float32bits(float32(v.Float())))
			floats++
		case reflect.String:
			str := v.String()
			word(*(*uintptr)(unsafe.Pointer(&str)))
			word(uintptr(len(str)))
		case reflect.Ptr, reflect.UnsafePointer:
			word(v.Pointer())
		case reflect.Int, reflect.Int32, reflect.Int64:
			word(uintptr(v.Int()))
		default:
			word(uintptr(v.Uint()))
		}
	}
}

func (s *signature) unpack(call *ccall.Call, t reflect.Type) []reflect.Value {
	var out []reflect.Value
	if s.result != ccall.Nothing {
		v := reflect.New(t.Out(0)).Elem()
		p := v.Addr().UnsafePointer()
		switch v.Type().Size() {
		case 1:
			*(*uint8)(p) = uint8(call.Result)
		case 2:
			*(*uint16)(p) = uint16(call.Result)
		case 4:
			bits := uint32(call.Result)
			if s.result == ccall.Float {
				bits = uint32(call.FResult)
			}
			*(*uint32)(p) = bits
		default:
			if s.result == ccall.Double {
				*(*uint64)(p) = call.FResult
			} else {
				*(*uintptr)(p) = call.Result
			}
		}
		out = append(out, v)
	}
	if s.errno {
		out = append(out, reflect.ValueOf(syscall.Errno(call.Err)))
	}
	return out
}
