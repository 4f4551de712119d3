// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo && (amd64 || arm64) && !race && !go1.27

package leaf_test

import (
	"syscall"
	"testing"

	"rcgo.example/leaf/internal/systemtest"
)

// A leaf that is called on the system stack stays there. The linker of Go 1.27 rejects references to
// runtime.systemstack.
func TestOnSystemStack(t *testing.T) {
	if !layoutKnown() {
		t.Skip("an ordinary call is not possible there")
	}
	fails := of[func(int32) (int32, syscall.Errno)]("fails")
	only := of[func(int32) syscall.Errno]("fails_only")
	var sum int
	var r int32
	var errno, second syscall.Errno
	systemtest.Run(func() {
		sum = add(3, 4)
		r, errno = fails(5)
		second = only(6)
	})
	if sum != 7 || r != -1 || errno != 5 || second != 6 {
		t.Errorf("%d %d %d %d", sum, r, errno, second)
	}
}
