// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package cmem_test

import (
	"strings"
	"testing"

	"rcgo.example/cmem"
)

// Without C everything works as with it, except that the memory is Go's.
func TestWithoutC(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	for n := 0; n < 100000; n = n*3 + 1 {
		s := strings.Repeat("x", n)
		p, err := a.String(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := cmem.GoString(p); err != nil || got != s {
			t.Errorf("%d bytes came back as %d: %v", n, len(got), err)
		}
	}
	if _, err := a.String("a\x00b"); err != cmem.ErrNUL {
		t.Error(err)
	}
	p, err := a.Strings([]string{"a", "", "b"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := cmem.GoStrings(p); err != nil || strings.Join(got, ",") != "a,,b" {
		t.Errorf("%q, %v", got, err)
	}
	o, err := cmem.Alloc(100)
	if err != nil || len(o.Bytes()) != 100 || !o.Free() || o.Free() {
		t.Errorf("Alloc: %v", err)
	}
}
