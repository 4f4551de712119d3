// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"fmt"
	"runtime"
	"strings"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// A layout has the offsets of those words in g and m that differ between Go versions. A row is used because it fits
// what is observed during an ordinary cgo call, never because of the version: words also move within a minor version.
// test/suites/layouts compares the rows with the table of rcgo stack, and both with the debug information of
// every installed toolchain.
type layout struct {
	gSyscallSP, gSyscallPC, mCurg, mNcgo uint32
	entries                              *[entryKinds]uintptr
}

// GO: runtime/runtime2.go
var layouts = []layout{
	{112, 120, 192, 312, &entryPC[0]}, // 1.19 to 1.21
	{112, 120, 192, 304, &entryPC[1]}, // 1.22 to 1.24.5
	{112, 120, 192, 328, &entryPC[2]}, // 1.23.12, 1.24.6 and later patches
	{104, 112, 184, 320, &entryPC[3]}, // 1.25
	{104, 112, 184, 328, &entryPC[4]}, // 1.26 and 1.27
}

// Offsets that are the same for all entries. GO: runtime/runtime2.go
const (
	gStackLo = 0
	gStackHi = 8
	gM       = 48
	gSched   = 56 // sp, then pc
	mG0      = 0
)

// The entries of a layout: for no, up to two, and more integer parameters, and for errno as the second or only result.
// Where Go and C use the same registers the first three are the same.
const (
	noInts = iota
	twoInts
	sixInts
	errnoIsSecond
	errnoIsOnly
	entryKinds
)

// entryPC has the addresses of the entries of each row, and of those that read the offsets from the closure.
var entryPC [6][entryKinds]uintptr

var anyEntries = &entryPC[5]

// framePC is an address in call, where its frame is complete.
var framePC uintptr

func currentG() uintptr

// The entries, in assembly. Go code never calls them by name, because their arguments are in registers.
func call19()
func call19errno()
func call19errno1()
func call22()
func call22errno()
func call22errno1()
func call23()
func call23errno()
func call23errno1()
func call25()
func call25errno()
func call25errno1()
func call26()
func call26errno()
func call26errno1()
func callAny()
func callAnyErrno()
func callAnyErrno1()
func call()
func yield()

// yieldHere is called when the goroutine's time slice is over: its prologue detects that and yields.
func yieldHere(p unsafe.Pointer, n, errno uintptr, x float64) (unsafe.Pointer, uintptr, uintptr, float64) {
	nothing()
	return p, n, errno, x
}

//go:noinline
func nothing() {}

// current is the layout in use. It is nil if calls are ordinary ones; why then has the reason.
var current, why = start()

func start() (*layout, string) {
	if reason := unsupported(); reason != "" {
		return nil, reason
	}
	return fit(layouts)
}

// fit returns the row that fits. If none does, as in a Go newer than the table, the offsets are searched.
func fit(rows []layout) (*layout, string) {
	reason := ""
	for i := range rows {
		err := rows[i].check()
		if err == nil {
			err = rows[i].try()
		}
		if err == nil {
			return &rows[i], ""
		}
		reason = err.Error()
	}
	l, err := search()
	if err == nil {
		err = l.check()
	}
	if err == nil {
		err = l.try()
	}
	if err == nil {
		return l, ""
	}
	if reason != "" {
		reason = "; the newest layout known: " + reason
	}
	return nil, fmt.Sprintf("no layout of the runtime fits %s: %v%s", runtime.Version(), err, reason)
}

// observe reads the calling goroutine's words during an ordinary cgo call. It returns false if g.m or m.g0 is not at
// its known offset.
func observe() (*ccall.Facts, bool) {
	f := &ccall.Facts{G: currentG()}
	ccall.Observe(f)
	return f, f.M != 0 && f.G0 != 0
}

func word(words *[ccall.Words]uintptr, offset uint32) uintptr { return words[offset/8] }

func number(words *[ccall.Words]uintptr, offset uint32) int32 {
	return int32(words[offset/8] >> (offset % 8 * 8))
}

// check verifies a layout during an ordinary cgo call: every word must hold what the runtime keeps there, and m.ncgo
// and g.syscallsp must differ outside the call.
func (l *layout) check() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	outside := *(*uintptr)(at(currentG(), l.gSyscallSP))
	f, ok := observe()
	if !ok || f.G0M != f.M || f.G0 == f.G {
		return fmt.Errorf("g.m is not at %d or m.g0 not at %d", gM, mG0)
	}
	ncgo := *(*int32)(at(f.M, l.mNcgo))
	syscallSP := word(&f.GWords, l.gSyscallSP)
	onStack := func(sp uintptr) bool {
		return word(&f.GWords, gStackLo) < sp && sp < word(&f.GWords, gStackHi)
	}
	var here byte
	switch {
	case word(&f.MWords, l.mCurg) != f.G:
		return fmt.Errorf("m.curg is not at %d", l.mCurg)
	case number(&f.MWords, l.mNcgo) != ncgo+1:
		return fmt.Errorf("m.ncgo is not at %d", l.mNcgo)
	case !onStack(uintptr(unsafe.Pointer(&here))) || !onStack(word(&f.GWords, gSched)) || !onStack(syscallSP):
		return fmt.Errorf("g.sched is not at %d or g.syscallsp not at %d", gSched, l.gSyscallSP)
	case outside != 0 || l.gSyscallPC != l.gSyscallSP+8 || !inRuntime(word(&f.GWords, l.gSyscallPC)):
		return fmt.Errorf("g.syscallsp is not at %d or g.syscallpc not at %d", l.gSyscallSP, l.gSyscallPC)
	case f.G0SP <= f.CSP || f.G0SP-f.CSP > 64<<10:
		return fmt.Errorf("the stack of g0 does not begin at g0.sched.sp")
	}
	return findTLS(f)
}

func inRuntime(pc uintptr) bool {
	fn := runtime.FuncForPC(pc)
	return fn != nil && strings.HasPrefix(fn.Name(), "runtime.")
}

// at returns the address of a word of the runtime, which vet does not know as a pointer.
func at(base uintptr, offset uint32) unsafe.Pointer {
	return unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&base)), offset)
}

// search finds the offsets by observing two ordinary cgo calls. It runs in a new goroutine: if the goroutine is locked
// to its thread, as all are in init, m.lockedg looks like m.curg.
func search() (*layout, error) {
	var l *layout
	var err error
	done := make(chan struct{})
	go func() {
		defer close(done)
		for try := 0; try < 100; try++ {
			first, ok := observe()
			second, ok2 := observe()
			if !ok || !ok2 {
				err = fmt.Errorf("g.m is not at %d or m.g0 not at %d", gM, mG0)
				return
			}
			if first.M == second.M {
				l, err = searchIn(first, second)
				return
			}
		}
		err = fmt.Errorf("the goroutine never stays on its thread")
	}()
	<-done
	return l, err
}

// searchIn compares two calls by one goroutine on one thread.
func searchIn(first, second *ccall.Facts) (*layout, error) {
	l := &layout{entries: anyEntries}
	lo, hi := second.GWords[gStackLo/8], second.GWords[gStackHi/8]
	for i := uint32(gSched/8 + 2); i+1 < ccall.Words && l.gSyscallSP == 0; i++ {
		sp := second.GWords[i]
		if lo < sp && sp < hi && inRuntime(second.GWords[i+1]) {
			l.gSyscallSP, l.gSyscallPC = i*8, i*8+8
		}
	}
	for i := uint32(1); i+1 < ccall.Words; i++ {
		if second.MWords[i] == second.G {
			if l.mCurg != 0 {
				return nil, fmt.Errorf("m.curg may be at %d or at %d", l.mCurg, i*8)
			}
			l.mCurg = i * 8
		}
		// m.ncgocall counts all calls; m.ncgo is 1 in both, m.cgoCallersUse is 0, m.cgoCallers points.
		if second.MWords[i-1] == first.MWords[i-1]+1 && first.MWords[i] == 1 && second.MWords[i] == 1 &&
			second.MWords[i+1] == first.MWords[i+1] && second.MWords[i+1] != 0 && l.mNcgo == 0 {
			l.mNcgo = i * 8
		}
	}
	if l.gSyscallSP == 0 || l.mCurg == 0 || l.mNcgo == 0 {
		return nil, fmt.Errorf("g.syscallsp (%d), m.curg (%d) or m.ncgo (%d) is not found", l.gSyscallSP, l.mCurg, l.mNcgo)
	}
	return l, nil
}

// try makes first calls, one with all argument registers in use, and compares the results with those expected.
func (l *layout) try() error {
	call := &ccall.Call{Fn: uintptr(ccall.EchoFn), Kind: ccall.Integer}
	for i := range call.Ints {
		call.Ints[i] = uintptr(i + 1)
	}
	run := l.enter(&closure{fn: ccall.RunFn}, twoInts)
	(*(*func(*ccall.Call))(unsafe.Pointer(&run)))(call)
	echo := l.enter(&closure{fn: ccall.EchoFn}, sixInts)
	got := (*(*func(a, b, c, d, e, f uintptr, p, q, r, s, t, u, v, w float64) uintptr)(unsafe.Pointer(&echo)))(
		1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8)
	want := uintptr(1 + 2*10 + 3*100 + 4*1000 + 5*10000 + 6*100000)
	if call.Result != want || got != want+87654321*1000000 {
		return fmt.Errorf("a first call gave %d and %d", call.Result, got)
	}
	return nil
}
