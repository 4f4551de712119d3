// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package handle_test

import (
	"errors"
	"fmt"

	"rcgo.example/handle"
)

type session struct{ user string }

func Example() {
	h := handle.New(&session{"gopher"})
	// C gets C.uintptr_t(h) or h.Pointer(), and hands it back to a callback:
	s, err := h.Lookup()
	fmt.Println(s.user, err)
	h.Delete()
	// A stale one is an error, and never somebody else's value.
	_, err = h.Lookup()
	fmt.Println(errors.Is(err, handle.ErrInvalid))
	// Output:
	// gopher <nil>
	// true
}
