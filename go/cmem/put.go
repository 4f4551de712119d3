// SPDX-License-Identifier: BSD-3-Clause

package cmem

import (
	"strings"
	"unsafe"
)

// The highest bit of a byte of (w - lows) &^ w & highs is set in the lowest byte of w that is 0, and in
// none when no byte is.
const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// put copies s and a NUL to p, and says whether s has none. A usual string is looked through by eight
// bytes, the last eight once more where the length is no multiple. It is copied by copy: C would
// wait for bytes that it reads in larger pieces than they were written in.
func put(p unsafe.Pointer, s string) bool {
	n := uintptr(len(s))
	to := (*[MaxSize]byte)(p)[: n+1 : n+1]
	copy(to, s)
	to[n] = 0
	if n < 8 || n > 128 {
		return strings.IndexByte(s, 0) < 0
	}
	from := *(*unsafe.Pointer)(unsafe.Pointer(&s))
	w := *(*uint64)(unsafe.Add(from, n-8))
	zeros := (w - lows) &^ w
	for i := uintptr(0); i+8 < n; i += 8 {
		w := *(*uint64)(unsafe.Add(from, i))
		zeros |= (w - lows) &^ w
	}
	return zeros&highs == 0
}
