// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package leaf_test

import (
	"fmt"
	"syscall"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/leaftest"
)

// In a program the address comes from cgo: unsafe.Pointer(C.pixel_blend).
func ExampleOf() {
	fma := leaf.Of[func(a, b, c float64) float64]("fma", leaftest.Fn["fma"])
	fmt.Println(fma(2, 3, 4))
	// Output: 10
}

func ExampleOf_errno() {
	fails := leaf.Of[func(err int32) (int32, syscall.Errno)]("fails", leaftest.Fn["fails"])
	r, errno := fails(int32(syscall.ENOENT))
	fmt.Println(r, errno)
	// Output: -1 no such file or directory
}
