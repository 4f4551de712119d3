// SPDX-License-Identifier: BSD-3-Clause

package cmem

import (
	"strings"
	"unsafe"
)

// (w - lows) &^ w & highs has the highest bit of the lowest zero byte of w set, and is 0 if w has no zero byte.
const (
	lows  = 0x0101010101010101
	highs = 0x8080808080808080
)

// put copies s and a NUL to p, and reports whether s contains no NUL. A short string is searched eight bytes at a time,
// the last eight again if the length is no multiple of eight. The copy uses copy, because a load by C that is wider
// than the stores would stall.
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
