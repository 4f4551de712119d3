// SPDX-License-Identifier: BSD-3-Clause
package main

/*
#include <stdlib.h>
#include <string.h>

#include "paths.h"

// cgo declares a function again when Go takes its address. gcc warns if it knows the function.
static void *strlen_fn(void) { return (void *)strlen; }
*/
import "C"

import (
	"errors"
	"runtime"
	"runtime/cgo"
	"strings"
	"sync"
	"unsafe"

	"rcgo.example/cmem"
	"rcgo.example/handle"
	"rcgo.example/leaf"
)

// Pairs of paths: with cgo alone, and with the Go module.
var (
	leafNothing = leaf.Of[func()]("paths_nothing", unsafe.Pointer(C.paths_nothing))
	leafAdd     = leaf.Of[func(a, b int) int]("paths_add", unsafe.Pointer(C.paths_add))
	strlen      = leaf.Of[func(unsafe.Pointer) uintptr]("strlen", C.strlen_fn())

	text  = strings.Repeat("x", 40)
	texts = func() []string {
		list := make([]string, 1000)
		for i := range list {
			list[i] = text
		}
		return list
	}()
	errLength = errors.New("strlen gave another length")
)

// everywhere runs f on all CPUs at once, n times in all.
func everywhere(n int, f func(n int)) {
	var wg sync.WaitGroup
	cpus := runtime.GOMAXPROCS(0)
	for i := 0; i < cpus; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			f(n/cpus + 1)
		}()
	}
	wg.Wait()
}

func stockHandles(n int) {
	v := new(int)
	for i := 0; i < n; i++ {
		h := cgo.NewHandle(v)
		h.Value()
		h.Delete()
	}
}

func ourHandles(n int) {
	v := new(int)
	for i := 0; i < n; i++ {
		h := handle.New(v)
		h.Value()
		h.Delete()
	}
}

func stockString(n int) error {
	for i := 0; i < n; i++ {
		p := C.CString(text)
		length := C.strlen(p)
		C.free(unsafe.Pointer(p))
		if length != 40 {
			return errLength
		}
	}
	return nil
}

func ourString(n int) error {
	for i := 0; i < n; i++ {
		a := cmem.Get()
		p, err := a.String(text)
		if err != nil || strlen(p) != 40 {
			return errLength
		}
		a.Put()
	}
	return nil
}

func ourStringHeld(n int) error {
	a := cmem.Get()
	defer a.Put()
	for i := 0; i < n; i++ {
		m := a.Mark()
		p, err := a.String(text)
		if err != nil || strlen(p) != 40 {
			return errLength
		}
		a.Release(m)
	}
	return nil
}

func stockStrings(n int) error {
	for i := 0; i < n; i++ {
		at := C.malloc(C.size_t(len(texts)+1) * C.size_t(unsafe.Sizeof(uintptr(0))))
		list := unsafe.Slice((**C.char)(at), len(texts)+1)
		for j, s := range texts {
			list[j] = C.CString(s)
		}
		list[len(texts)] = nil
		for _, p := range list {
			C.free(unsafe.Pointer(p))
		}
		C.free(at)
	}
	return nil
}

func ourStrings(n int) error {
	for i := 0; i < n; i++ {
		a := cmem.Get()
		if _, err := a.Strings(texts); err != nil {
			return err
		}
		a.Put()
	}
	return nil
}

func init() {
	// These calls are so short that each round makes four, to reduce the share of the loop
	// itself.
	for name, run := range map[string]func(n int) error{
		"c-indirect": func(n int) error {
			C.paths_indirect(C.long(n))
			return nil
		},
		"go-c-2": func(n int) error {
			for i := 0; i < n; i += 4 {
				C.paths_add(C.long(i), 1)
				C.paths_add(C.long(i), 1)
				C.paths_add(C.long(i), 1)
				C.paths_add(C.long(i), 1)
			}
			return nil
		},
		"leaf": func(n int) error {
			for i := 0; i < n; i += 4 {
				leafNothing()
				leafNothing()
				leafNothing()
				leafNothing()
			}
			return nil
		},
		"leaf-2": func(n int) error {
			for i := 0; i < n; i += 4 {
				leafAdd(i, 1)
				leafAdd(i, 1)
				leafAdd(i, 1)
				leafAdd(i, 1)
			}
			return nil
		},
		"handle-stock":      func(n int) error { stockHandles(n); return nil },
		"handle":            func(n int) error { ourHandles(n); return nil },
		"handle-stock-cpus": func(n int) error { everywhere(n, stockHandles); return nil },
		"handle-cpus":       func(n int) error { everywhere(n, ourHandles); return nil },
		"string-stock":      stockString,
		"string":            ourString,
		"string-held":       ourStringHeld,
		"strings-stock":     stockStrings,
		"strings":           ourStrings,
	} {
		paths[name] = path{run: run}
	}
}
