// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"os"
	"runtime"
	"testing"
)

// LEAF_WAY=any and =ordinary force the ways of calling that this Go does not need: TestOtherWays.
func init() {
	switch os.Getenv("LEAF_WAY") {
	case "any":
		current, why = fit(nil)
	case "ordinary":
		current, why = nil, "LEAF_WAY=ordinary"
	}
}

// The fast path works here in every Go: without this test, the others pass without it.
func TestFast(t *testing.T) {
	if underASan {
		t.Skip("AddressSanitizer changes the call that is observed")
	}
	if reason := unsupported(); reason != "" || os.Getenv("LEAF_WAY") == "ordinary" || checking() {
		t.Skip(reason)
	}
	if current == nil {
		t.Errorf("%s: %s", runtime.Version(), why)
	}
}

// For a Go without a row, the search must find what the row says.
func TestNewerGo(t *testing.T) {
	if underASan {
		t.Skip("AddressSanitizer changes the call that is observed")
	}
	if reason := unsupported(); reason != "" {
		t.Skip(reason)
	}
	known, reason := fit(layouts)
	if known == nil {
		t.Fatal(reason)
	}
	found, reason := fit(nil)
	if found == nil {
		t.Fatal(reason)
	}
	if found.gSyscallSP != known.gSyscallSP || found.gSyscallPC != known.gSyscallPC ||
		found.mCurg != known.mCurg || found.mNcgo != known.mNcgo || found.entries != anyEntries {
		t.Errorf("found %+v, known %+v", *found, *known)
	}
}

// No two rows fit, so their order does not matter.
func TestOneRowFits(t *testing.T) {
	if underASan {
		t.Skip("AddressSanitizer changes the call that is observed")
	}
	if reason := unsupported(); reason != "" {
		t.Skip(reason)
	}
	n := 0
	for i := range layouts {
		if layouts[i].check() == nil {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d layouts fit %s; want 1", n, runtime.Version())
	}
}

// One wrong word suffices to reject a layout, whichever it is.
func TestWrongLayout(t *testing.T) {
	if underASan {
		t.Skip("AddressSanitizer changes the call that is observed")
	}
	if reason := unsupported(); reason != "" {
		t.Skip(reason)
	}
	right, reason := fit(layouts)
	if right == nil {
		t.Fatal(reason)
	}
	for name, spoil := range map[string]func(l *layout){
		"g.syscallsp":           func(l *layout) { l.gSyscallSP += 8 },
		"g.syscallsp, sched.bp": func(l *layout) { l.gSyscallSP -= 8 }, // which may look right
		"g.syscallpc":           func(l *layout) { l.gSyscallPC += 8 },
		"m.curg":                func(l *layout) { l.mCurg += 8 },
		"m.ncgo":                func(l *layout) { l.mNcgo -= 4 },
		"m.ncgo, ncgocall":      func(l *layout) { l.mNcgo -= 8 },
	} {
		l := *right
		spoil(&l)
		if err := l.check(); err == nil {
			t.Errorf("%s elsewhere: not noticed", name)
		} else {
			t.Logf("%s elsewhere: %v", name, err)
		}
	}
}
