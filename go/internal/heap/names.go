// SPDX-License-Identifier: BSD-3-Clause

package heap

import (
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
)

// A Frame is a function in a stack.
type Frame struct {
	Function, File string
	Line           int
	C              bool
	Inlined        bool // into the next frame
}

// Names caches the names of program counters.
type Names struct {
	snapshot *Snapshot
	c, goes  map[uintptr][]Frame
}

// NewNames returns the names for the stacks of a snapshot.
func NewNames(s *Snapshot) *Names {
	return &Names{s, map[uintptr][]Frame{}, map[uintptr][]Frame{}}
}

// C returns the functions at a C program counter, innermost first; at least one, or none if the frame belongs to cgo
// itself.
func (n *Names) C(pc uintptr) []Frame {
	frames, ok := n.c[pc]
	if !ok {
		frames = nameC(pc)
		m := n.snapshot.Find(pc)
		// The symbolizer knows the objects that are loaded now.
		if len(frames) == 0 || frames[0].Function == "" {
			frames = []Frame{{Function: fmt.Sprintf("%#x", pc), C: true}}
			if m != nil && m.Path != "" {
				frames[0].Function = fmt.Sprintf("%s+%#x", filepath.Base(m.Path), uint64(pc)-m.Start+m.Offset)
			}
		}
		if last := frames[len(frames)-1].Function; strings.HasPrefix(last, "_cgo_") && strings.Contains(last, "_Cfunc_") {
			frames = frames[:len(frames)-1]
		}
		n.c[pc] = frames
	}
	return frames
}

// The runtime's own functions between C and the program's Go code.
var hidden = map[string]bool{
	"runtime.cgocall": true, "runtime.asmcgocall": true, "runtime.asmcgocall.abi0": true,
	"runtime.systemstack_switch": true, "runtime.cgocallback": true, "runtime.cgocallbackg": true,
	"runtime.cgocallbackg1": true, "runtime.goexit": true, "runtime.cgocallback.abi0": true,
	"runtime.asmcgocall_landingpad": true,
}

// Go returns the functions at a Go return address, innermost first; none for the runtime's own functions between C and
// the program.
func (n *Names) Go(pc uintptr) []Frame {
	frames, ok := n.goes[pc]
	if !ok {
		all := runtime.CallersFrames(expand([]uintptr{pc}))
		for {
			f, more := all.Next()
			if f.Function != "" && !hidden[f.Function] && !strings.HasPrefix(f.Function, "_cgoexp_") {
				frames = append(frames, Frame{Function: f.Function, File: f.File, Line: f.Line, Inlined: more})
			}
			if !more {
				break
			}
		}
		n.goes[pc] = frames
	}
	return frames
}

// All returns the frames of a stack, innermost first.
func (n *Names) All(s *Stack) []Frame {
	var all []Frame
	for _, pc := range s.C {
		all = append(all, n.C(pc)...)
	}
	for _, pc := range s.Go {
		all = append(all, n.Go(pc)...)
	}
	return all
}

// Library returns the object to which a stack belongs: that of the innermost frame outside the C and C++ libraries.
func (s *Snapshot) Library(stack *Stack) string {
	library := "unknown"
	for _, pc := range stack.C {
		m := s.Find(pc)
		if m == nil || m.Path == "" {
			continue
		}
		library = filepath.Base(m.Path)
		if !isSystem(library) {
			break
		}
	}
	return library
}

func isSystem(library string) bool {
	for _, prefix := range []string{"libc.", "libc-", "ld-", "libstdc++", "libc++", "libgcc_s", "libpthread", "libm.", "libdl"} {
		if strings.HasPrefix(library, prefix) {
			return true
		}
	}
	return false
}
