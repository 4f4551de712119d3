// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package cmem_test

import (
	"reflect"
	"testing"
	"unicode/utf8"

	"rcgo.example/cmem/internal/cmemtest"
)

// agree compares the C helpers with Go's results for the same bytes.
func agree(t *testing.T, s string) {
	t.Helper()
	if got := cmemtest.UTF8(s); got != utf8.ValidString(s) {
		t.Errorf("%q: valid %v", s, got)
	}
	want := []int32{}
	for rest := s; rest != ""; {
		r, n := utf8.DecodeRuneInString(rest)
		if r == utf8.RuneError && n == 1 {
			r = -1
		}
		want = append(want, r)
		rest = rest[n:]
	}
	if got := cmemtest.Runes(s); !reflect.DeepEqual(got, want) {
		t.Errorf("%q: %x, not %x", s, got, want)
	}
}

func TestUTF8(t *testing.T) {
	for _, s := range []string{"", "plain", "Grüße, 世界 🎉", "\xff", "a\xc0\xafb", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe4\xb8", "x\x00y"} {
		agree(t, s)
	}
	for a := 0; a < 256; a++ {
		for b := 0; b < 256; b++ {
			agree(t, string([]byte{byte(a), byte(b)}))
			agree(t, string([]byte{byte(a), byte(b), 0x80, 0xbf}))
		}
	}
}

func TestViewCopy(t *testing.T) {
	out := []byte("......")
	if n := cmemtest.CopyTo("abc", out); n != 3 || string(out[:4]) != "abc\x00" {
		t.Errorf("%d %q", n, out)
	}
	if n := cmemtest.CopyTo("abcdefgh", out); n != 8 || string(out) != "abcde\x00" {
		t.Errorf("%d %q", n, out)
	}
	if n := cmemtest.CopyTo("abc", nil); n != 3 {
		t.Errorf("%d", n)
	}
}

func FuzzUTF8(f *testing.F) {
	f.Add("é\xff世")
	f.Fuzz(func(t *testing.T, s string) { agree(t, s) })
}
