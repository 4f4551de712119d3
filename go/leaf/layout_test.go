// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"runtime"
	"strings"
	"testing"
)

// A Go that is not known, and one that is not what it says: no layout, so every call is an ordinary one.
func TestUnknownGo(t *testing.T) {
	for _, version := range []string{"go1.18.10", "go1.28", "go1.28-abcdef", "devel go1.26-0123456789", "go1.x", "weird", ""} {
		if l, reason := layoutFor(version); l != nil || !strings.Contains(reason, "not known") {
			t.Errorf("%q: %v, %q", version, l, reason)
		}
	}
	if current == nil {
		t.Skip(why)
	}
	if l, reason := layoutFor(runtime.Version()); l == nil {
		t.Errorf("%s: %s", runtime.Version(), reason)
	}
	for _, version := range []string{"go1.19", "go1.22", "go1.26"} {
		l, reason := layoutFor(version)
		if known := l != nil; known != (l == current) {
			t.Errorf("%s is taken for %s", runtime.Version(), version)
		}
		if l == nil && reason == "" {
			t.Errorf("%s: refused without a reason", version)
		}
	}
}

// One wrong word is enough to refuse a layout, whichever it is.
func TestWrongLayout(t *testing.T) {
	if current == nil {
		t.Skip(why)
	}
	for name, spoil := range map[string]func(l *layout){
		"g.m":         func(l *layout) { l.gM += 8 },
		"g.sched":     func(l *layout) { l.gSched += 16 },
		"g.syscallsp": func(l *layout) { l.gSyscallSP += 8 }, // below it lies sched.bp, which may look right
		"g.syscallpc": func(l *layout) { l.gSyscallPC += 8 },
		"m.curg":      func(l *layout) { l.mCurg += 8 },
		"m.ncgo":      func(l *layout) { l.mNcgo -= 4 },
	} {
		l := *current
		spoil(&l)
		if err := l.check(); err == nil {
			t.Errorf("%s elsewhere: not noticed", name)
		} else {
			t.Logf("%s elsewhere: %v", name, err)
		}
	}
}
