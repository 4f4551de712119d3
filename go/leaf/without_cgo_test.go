// SPDX-License-Identifier: BSD-3-Clause

//go:build !cgo

package leaf_test

import (
	"strings"
	"testing"
	"unsafe"

	"rcgo.example/leaf"
)

// A program without C compiles, and gets an error if it calls C.
func TestWithoutC(t *testing.T) {
	var f func()
	err := leaf.Bind(&f, "nothing", unsafe.Pointer(new(byte)))
	if err == nil || !strings.Contains(err.Error(), "without cgo") || f != nil {
		t.Errorf("%v", err)
	}
	if fast, why := leaf.Fast(); fast || why == "" {
		t.Errorf("fast %v, because %q", fast, why)
	}
}
