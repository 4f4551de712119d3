// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package cmem_test

import (
	"fmt"
	"unsafe"

	"rcgo.example/cmem"
)

func ExampleArena_Strings() {
	a := cmem.Get()
	defer a.Put()
	argv, err := a.Strings([]string{"ls", "-l"}) // (**C.char)(argv) for C
	if err != nil {
		fmt.Println(err)
		return
	}
	back, err := cmem.GoStrings(argv)
	fmt.Println(back, err)
	// Output: [ls -l] <nil>
}

func ExampleStruct() {
	type request struct {
		Size int32
		Name unsafe.Pointer // char *
	}
	a := cmem.Get()
	defer a.Put()
	name, _ := a.String("report")
	r, err := cmem.Struct(a, request{Size: 3, Name: name}) // a pointer into C memory
	fmt.Println(r.Size, err)
	_, err = a.String("bad\x00name")
	fmt.Println(err)
	// Output:
	// 3 <nil>
	// cmem: a NUL inside: C would take the string to end there
}

func ExampleAlloc() {
	buffer, err := cmem.Alloc(1 << 10)
	if err != nil {
		fmt.Println(err)
		return
	}
	copy(buffer.Bytes(), "stays until Free, or until nobody has it")
	fmt.Println(len(buffer.Bytes()), buffer.Free(), buffer.Free())
	// Output: 1024 true false
}

func ExampleBorrow() {
	a := cmem.Get()
	defer a.Put()
	s, _ := cmem.Slice(a, []int32{1, 2, 3})
	view, err := cmem.Borrow[int32](unsafe.Pointer(&s[0]), 3)
	fmt.Println(view, err)
	_, err = cmem.Borrow[int64](unsafe.Add(unsafe.Pointer(&s[0]), 4), 1)
	fmt.Println(err)
	// Output:
	// [1 2 3] <nil>
	// cmem: not aligned for its type
}
