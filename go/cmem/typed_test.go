// SPDX-License-Identifier: BSD-3-Clause

package cmem_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"unsafe"

	"rcgo.example/cmem"
)

type char int8 // as C.char is

func TestTyped(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	s, err := cmem.CString[char](a, "grüße")
	if err != nil {
		t.Fatal(err)
	}
	if back, err := cmem.GoStringOf(s); back != "grüße" || err != nil {
		t.Errorf("GoStringOf: %q, %v", back, err)
	}
	if back, err := cmem.BorrowStringOf(s); back != "grüße" || err != nil {
		t.Errorf("BorrowStringOf: %q, %v", back, err)
	}
	b, err := cmem.CBytes[byte](a, []byte{1, 0, 2})
	if err != nil {
		t.Fatal(err)
	}
	if back, err := cmem.CopyOf(b, 3); err != nil || !reflect.DeepEqual(back, []byte{1, 0, 2}) {
		t.Errorf("CopyOf: %v, %v", back, err)
	}
	view, err := cmem.BorrowOf(b, 3)
	if err != nil || &view[0] != b {
		t.Errorf("BorrowOf: %v, %v", view, err)
	}
	if p, err := cmem.CString[char](a, "a\x00b"); p != nil || !errors.Is(err, cmem.ErrNUL) {
		t.Errorf("CString: %p, %v", p, err)
	}
	if _, err := cmem.GoStringOf((*char)(nil)); !errors.Is(err, cmem.ErrNil) {
		t.Errorf("GoStringOf: %v", err)
	}
	if _, err := cmem.BorrowOf((*int32)(unsafe.Add(unsafe.Pointer(b), 1)), 1); !errors.Is(err, cmem.ErrMisaligned) {
		t.Errorf("BorrowOf: %v", err)
	}
}

func TestAllStrings(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	want := []string{"first", "", "third"}
	list, err := cmem.CStrings[char](a, want)
	if err != nil {
		t.Fatal(err)
	}
	if back, err := cmem.GoStringsOf(list); err != nil || !reflect.DeepEqual(back, want) {
		t.Errorf("GoStringsOf: %q, %v", back, err)
	}
	var got []string
	cmem.AllStrings(list)(func(i int, s string) bool {
		if i != len(got) {
			t.Errorf("index %d of string %d", i, len(got))
		}
		got = append(got, s)
		return i < 1
	})
	if !reflect.DeepEqual(got, want[:2]) {
		t.Errorf("%q", got)
	}
	cmem.AllStrings((**char)(nil))(func(int, string) bool { t.Error("a string of nil"); return true })
}

func ExampleCString() {
	a := cmem.Get()
	defer a.Put()
	name, err := cmem.CString[char](a, "gopher") // a *C.char with [C.char]
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := cmem.GoStringOf(name)
	fmt.Println(back, err)
	// Output: gopher <nil>
}
