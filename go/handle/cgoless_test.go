// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package handle_test

import (
	"strings"
	"testing"
	"unsafe"

	"rcgo.example/handle"
)

// Without C, handles work as they do with it.
func TestWithoutC(t *testing.T) {
	if unsafe.Sizeof(uintptr(0)) < 8 {
		defer func() {
			if text, _ := recover().(string); !strings.Contains(text, "64 bits") {
				t.Errorf("panic: %q", text)
			}
		}()
	}
	var list []handle.Handle[int]
	for i := 0; i < 10000; i++ {
		list = append(list, handle.New(i))
	}
	for i, h := range list {
		if h.Value() != i {
			t.Fatalf("handle %d has the value %v", i, h.Value())
		}
		h.Delete()
		if h.Release() == nil {
			t.Fatal("deleted twice")
		}
	}
}
