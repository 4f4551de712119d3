// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"fmt"
	"runtime"
	_ "unsafe" // for linkname
)

// The number of bytes of g and m that are searched. Both are larger in all versions of Go.
const (
	searchG = 320
	searchM = 960
)

// startCallbacks finds the words of g and m that callbacks need in addition to those of leaf calls. Their offsets
// differ between patch releases, so there is no table: the words are those that LockOSThread and procPin change. It
// returns why callbacks cannot take the fast path; "" if they can.
func startCallbacks() string {
	if current == nil {
		return why
	}
	l := current
	found := make(chan string)
	go func() { // not the main goroutine, which is locked while packages start
		var offsets [3]uint32
		err := l.findLocks(&offsets)
		if err != nil {
			found <- err.Error()
			return
		}
		var locks, incgo uint32
		if locks, incgo, err = l.findInC(); err != nil {
			found <- err.Error()
			return
		}
		callbackOffsets = [13]uintptr{
			uintptr(l.mCurg), uintptr(l.gSyscallPC), uintptr(l.gSyscallSP), uintptr(l.mNcgo),
			uintptr(offsets[0]), uintptr(offsets[1]), uintptr(offsets[2]),
			uintptr(l.gSyscallSP) - 8, // the last word of g.sched, just before
			callbackPCs[pcFrame], callbackPCs[pcAnchor], callbackPCs[pcEnter] + 8,
			uintptr(locks), uintptr(incgo),
		}
		found <- ""
	}()
	return <-found
}

// findLocks finds m.lockedg, m.lockedExt (m.lockedInt follows it) and g.lockedm.
func (l *layout) findLocks(offsets *[3]uint32) error {
	g := currentG()
	before := *(*[searchG / 8]uintptr)(at(g, 0))
	runtime.LockOSThread()
	m := *(*uintptr)(at(g, gM))
	var counts [5][searchM / 4]uint32
	var lockedg, lockedm []uint32
	copyWords(&counts[0], m)
	for o := l.mCurg + 8; o < searchM; o += 8 {
		if *(*uintptr)(at(m, o)) == g {
			lockedg = append(lockedg, o)
		}
	}
	for o := uint32(gM + 8); o < searchG; o += 8 {
		if before[o/8] == 0 && *(*uintptr)(at(g, o)) == m {
			lockedm = append(lockedm, o)
		}
	}
	runtime.LockOSThread()
	copyWords(&counts[1], m)
	runtime.LockOSThread()
	copyWords(&counts[2], m)
	runtime.UnlockOSThread()
	copyWords(&counts[3], m)
	runtime.UnlockOSThread()
	copyWords(&counts[4], m)
	var lockedExt []uint32
	for i := range counts[0] {
		if counts[0][i] == 1 && counts[1][i] == 2 && counts[2][i] == 3 && counts[3][i] == 2 && counts[4][i] == 1 {
			lockedExt = append(lockedExt, uint32(i*4))
		}
	}
	runtime.UnlockOSThread()
	if len(lockedg) != 1 || len(lockedm) != 1 || len(lockedExt) != 1 {
		return fmt.Errorf("LockOSThread changes other words than expected: lockedg %v, lockedm %v, lockedExt %v", lockedg, lockedm, lockedExt)
	}
	if i := lockedExt[0]/4 + 1; int(i) >= len(counts[0]) || counts[0][i] != 0 {
		return fmt.Errorf("m.lockedInt does not follow m.lockedExt at %d", lockedExt[0])
	}
	*offsets = [3]uint32{lockedg[0], lockedExt[0], lockedm[0]}
	return nil
}

// sync.Pool keeps a goroutine on its P by these.
//
//go:linkname procPin runtime.procPin
func procPin() int

//go:linkname procUnpin runtime.procUnpin
func procUnpin()

// findInC finds m.locks, which procPin increments, and m.incgo, which lies 16 bytes behind it and is 1 during an
// ordinary cgo call.
func (l *layout) findInC() (locks, incgo uint32, err error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	m := *(*uintptr)(at(currentG(), gM))
	counts := new([5][searchM / 4]uint32)
	copyWords(&counts[0], m)
	procPin()
	copyWords(&counts[1], m)
	procPin()
	copyWords(&counts[2], m)
	procUnpin()
	copyWords(&counts[3], m)
	procUnpin()
	copyWords(&counts[4], m)
	var at []uint32
	for i := range counts[0] {
		n := counts[0][i]
		if counts[1][i] == n+1 && counts[2][i] == n+2 && counts[3][i] == n+1 && counts[4][i] == n {
			at = append(at, uint32(i*4))
		}
	}
	if len(at) != 1 {
		return 0, 0, fmt.Errorf("procPin changes other words than m.locks: %v", at)
	}
	f, ok := observe()
	isSet := func(words uint32) bool { return words&0xff != 0 }
	locks, incgo = at[0], at[0]+16 // GO: runtime/runtime2.go
	if !ok || isSet(counts[0][incgo/4]) || number(&f.MWords, incgo)&0xff != 1 {
		return 0, 0, fmt.Errorf("m.incgo is not at %d", incgo)
	}
	return locks, incgo, nil
}

// copyWords copies words of an m. Other threads may write them, so they are not read as Go variables.
func copyWords(to *[searchM / 4]uint32, m uintptr) {
	*to = *(*[searchM / 4]uint32)(at(m, 0))
}
