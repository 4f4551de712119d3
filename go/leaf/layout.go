// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf

import (
	"fmt"
	"runtime"
	"strconv"
	"strings"
	"unsafe"

	"rcgo.example/leaf/internal/ccall"
)

// A layout is where the words lie that the entries use. The check abi/leaf-layouts compares each with the
// debug information of every toolchain at hand; start compares the one in use with what an
// ordinary cgo call is seen to do.
type layout struct {
	oldest, newest                     int // Go 1.oldest to 1.newest
	gM, gSched, gSyscallSP, gSyscallPC uint32
	mG0, mCurg, mNcgo                  uint32
	entries                            *[entryKinds]uintptr
}

var layouts = []layout{
	{19, 21, 48, 56, 112, 120, 0, 192, 312, &entryPC[0]},
	{22, 25, 48, 56, 112, 120, 0, 192, 304, &entryPC[1]},
	{26, 27, 48, 56, 104, 112, 0, 184, 328, &entryPC[2]},
}

// The entries of a layout: for no, up to two, and more integer parameters, and for errno as a second or
// the only result. Where Go and C use the same registers the first three are one.
const (
	noInts = iota
	twoInts
	sixInts
	errnoIsSecond
	errnoIsOnly
	entryKinds
)

// entryPC holds the addresses of the entries of each layout.
var entryPC [3][entryKinds]uintptr

// framePC lies in call, where its frame is whole.
var framePC uintptr

func currentG() uintptr

// The entries, in assembly. Go code never calls them: their arguments are in registers.
func call19()
func call19errno()
func call19errno1()
func call22()
func call22errno()
func call22errno1()
func call26()
func call26errno()
func call26errno1()
func call()
func yield()

// yieldHere is called when the goroutine's time is up: its prologue sees that.
func yieldHere(p unsafe.Pointer, n, errno uintptr, x float64) (unsafe.Pointer, uintptr, uintptr, float64) {
	nothing()
	return p, n, errno, x
}

//go:noinline
func nothing() {}

// current is the layout in use; nil when calls are ordinary ones, and then why says the reason.
var current, why = start()

func start() (*layout, string) {
	if reason := unsupported(); reason != "" {
		return nil, reason
	}
	return layoutFor(runtime.Version())
}

// layoutFor gives the layout of a Go version if it is that of the running one.
func layoutFor(version string) (*layout, string) {
	minor := goMinor(version)
	for i := range layouts {
		l := &layouts[i]
		if minor < l.oldest || minor > l.newest {
			continue
		}
		if err := l.check(); err != nil {
			return nil, err.Error()
		}
		if err := l.try(); err != nil {
			return nil, err.Error()
		}
		return l, ""
	}
	return nil, fmt.Sprintf("the layout of %s is not known", version)
}

// goMinor gives 22 for go1.22.1 and for versions built from it; -1 when there is no telling.
func goMinor(version string) int {
	i := strings.Index(version, "go1.")
	if i < 0 {
		return -1
	}
	digits := version[i+len("go1."):]
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(digits)
	}
	if strings.HasPrefix(version, "devel") {
		return -1
	}
	n, err := strconv.Atoi(digits[:end])
	if err != nil {
		return -1
	}
	return n
}

// check looks at a goroutine in an ordinary cgo call: every word of the layout must hold what the
// runtime keeps there, and m.ncgo and g.syscallsp something else outside the call.
func (l *layout) check() error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	f := ccall.Facts{
		G: currentG(), Gm: l.gM, Gsched: l.gSched, Gsyscallsp: l.gSyscallSP, Gsyscallpc: l.gSyscallPC,
		Mg0: l.mG0, Mcurg: l.mCurg, Mncgo: l.mNcgo,
	}
	outside := *(*uintptr)(at(f.G, l.gSyscallSP))
	ccall.Observe(&f)
	ncgo := *(*int32)(at(f.M, l.mNcgo))
	in := ""
	if fn := runtime.FuncForPC(f.SyscallPC); fn != nil {
		in = fn.Name()
	}
	onStack := func(sp uintptr) bool { return f.StackLo < sp && sp < f.StackHi }
	var here byte
	switch {
	case f.Curg != f.G:
		return fmt.Errorf("m.curg is not at %d", l.mCurg)
	case f.G0m != f.M || f.G0 == f.G:
		return fmt.Errorf("g.m is not at %d or m.g0 not at %d", l.gM, l.mG0)
	case f.Ncgo != ncgo+1:
		return fmt.Errorf("m.ncgo is not at %d", l.mNcgo)
	case !onStack(uintptr(unsafe.Pointer(&here))) || !onStack(f.SchedSP) || !onStack(f.SyscallSP):
		return fmt.Errorf("g.sched is not at %d or g.syscallsp not at %d", l.gSched, l.gSyscallSP)
	case outside != 0 || !strings.HasPrefix(in, "runtime."):
		return fmt.Errorf("g.syscallsp is not at %d or g.syscallpc not at %d", l.gSyscallSP, l.gSyscallPC)
	case f.G0SP <= f.CSP || f.G0SP-f.CSP > 64<<10:
		return fmt.Errorf("the stack of g0 does not begin at g0.sched.sp")
	}
	return findTLS(&f)
}

// at gives the address of a word of the runtime's, which is no pointer as vet knows them.
func at(base uintptr, offset uint32) unsafe.Pointer {
	return unsafe.Add(*(*unsafe.Pointer)(unsafe.Pointer(&base)), offset)
}

// try makes a first call, with all registers in use, and compares.
func (l *layout) try() error {
	call := &ccall.Call{Fn: uintptr(ccall.EchoFn), Kind: ccall.Integer}
	for i := range call.Ints {
		call.Ints[i] = uintptr(i + 1)
	}
	run := (&closure{fn: ccall.RunFn}).enterBy(l.entries[twoInts])
	(*(*func(*ccall.Call))(unsafe.Pointer(&run)))(call)
	echo := (&closure{fn: ccall.EchoFn}).enterBy(l.entries[sixInts])
	got := (*(*func(a, b, c, d, e, f uintptr, p, q, r, s, t, u, v, w float64) uintptr)(unsafe.Pointer(&echo)))(
		1, 2, 3, 4, 5, 6, 1, 2, 3, 4, 5, 6, 7, 8)
	want := uintptr(1 + 2*10 + 3*100 + 4*1000 + 5*10000 + 6*100000)
	if call.Result != want || got != want+87654321*1000000 {
		return fmt.Errorf("a first call gave %d and %d", call.Result, got)
	}
	return nil
}
