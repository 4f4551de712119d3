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
	// C gets C.uintptr_t(h) or h.Pointer(), and passes it to a callback:
	s, err := handle.Get[*session](h)
	fmt.Println(s.user, err)
	h.Delete()
	// A deleted handle is an error, and never another value.
	_, err = handle.Get[*session](h)
	fmt.Println(errors.Is(err, handle.ErrInvalid))
	// Output:
	// gopher <nil>
	// true
}
