// SPDX-License-Identifier: BSD-3-Clause

package heap

import (
	"fmt"
	"os"
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
	c        map[place][]Frame
	goes     map[uintptr][]Frame
	loaded   map[int]bool
	files    map[string]*file
}

// A place is a program counter in one of the modules that were at its address.
type place struct {
	pc     uintptr
	module int
}

// NewNames returns the names for the stacks of a snapshot.
func NewNames(s *Snapshot) *Names {
	return &Names{s, map[place][]Frame{}, map[uintptr][]Frame{}, loaded(s), map[string]*file{}}
}

// loaded says which modules are mapped now.
func loaded(s *Snapshot) map[int]bool {
	all := map[int]bool{}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		return all
	}
	type line struct {
		start uint64
		path  string
	}
	now := map[line]bool{}
	for _, text := range strings.Split(string(maps), "\n") {
		// start-end rights offset device inode path
		if f := strings.SplitN(text, " ", 6); len(f) == 6 {
			var l line
			fmt.Sscanf(f[0], "%x-", &l.start)
			l.path = strings.TrimLeft(f[5], " ")
			now[l] = true
		}
	}
	for i, m := range s.Modules {
		all[i] = now[line{m.Start, m.Path}]
	}
	return all
}

// C names the functions at a stack's program counter of C, innermost first; there is at least one. It is
// none where the frame is one of cgo's own.
func (n *Names) C(s *Stack, pc uintptr) []Frame {
	at := place{pc, n.snapshot.Find(s, pc)}
	frames, ok := n.c[at]
	if ok {
		return frames
	}
	switch {
	case at.module < 0 || n.loaded[at.module]:
		frames = nameC(pc)
	default:
		// Unloaded: another object may be there now.
		m := &n.snapshot.Modules[at.module]
		frames = n.file(m.Path).name(uint64(pc) - m.Start + m.Offset)
	}
	if len(frames) == 0 || frames[0].Function == "" {
		frames = []Frame{{Function: fmt.Sprintf("%#x", pc), C: true}}
		if at.module >= 0 && n.snapshot.Modules[at.module].Path != "" {
			m := &n.snapshot.Modules[at.module]
			frames[0].Function = fmt.Sprintf("%s+%#x", filepath.Base(m.Path), uint64(pc)-m.Start+m.Offset)
		}
	}
	if last := frames[len(frames)-1].Function; strings.HasPrefix(last, "_cgo_") && strings.Contains(last, "_Cfunc_") {
		frames = frames[:len(frames)-1]
	}
	n.c[at] = frames
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
		if f := runtime.FuncForPC(pc); f != nil && f.Entry() == pc && hidden[f.Name()] {
			n.goes[pc] = nil // Go 1.19 keeps the entry of systemstack_switch as where the goroutine called C
			return nil
		}
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
		all = append(all, n.C(s, pc)...)
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
		m := s.Find(stack, pc)
		if m < 0 || s.Modules[m].Path == "" {
			continue
		}
		library = filepath.Base(s.Modules[m].Path)
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
