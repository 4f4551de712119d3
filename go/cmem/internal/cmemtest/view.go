// SPDX-License-Identifier: BSD-3-Clause

package cmemtest

/*
#cgo CFLAGS: -I${SRCDIR}/../../../../include -I${SRCDIR}/../../../../backtrace/include
#include "runtime_cgo.h"

static int valid(_GoString_ s) { return rcgo_view_is_utf8(rcgo_view_of(_GoStringPtr(s), _GoStringLen(s))); }

static size_t runes(_GoString_ s, int32_t *out, size_t room)
{
	struct rcgo_view v = rcgo_view_of(_GoStringPtr(s), _GoStringLen(s));
	size_t n = 0;

	while (n < room && (out[n] = rcgo_view_next_rune(&v)) != -2) {
		n++;
	}
	return n;
}

static size_t copy(_GoString_ s, char *out, size_t room)
{
	return rcgo_view_copy(rcgo_view_of(_GoStringPtr(s), _GoStringLen(s)), out, room);
}
*/
import "C"

// UTF8 is rcgo_view_is_utf8.
func UTF8(s string) bool { return C.valid(s) != 0 }

// Runes splits s with rcgo_view_next_rune.
func Runes(s string) []int32 {
	out := make([]C.int32_t, len(s)+1)
	list := []int32{}
	for _, r := range out[:C.runes(s, &out[0], C.size_t(len(out)))] {
		list = append(list, int32(r))
	}
	return list
}

// CopyTo is rcgo_view_copy.
func CopyTo(s string, out []byte) int {
	room := make([]C.char, len(out)+1)
	n := int(C.copy(s, &room[0], C.size_t(len(out))))
	for i := range out {
		out[i] = byte(room[i])
	}
	return n
}
