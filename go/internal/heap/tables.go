// SPDX-License-Identifier: BSD-3-Clause

// Package heap reads the tables of runtime_cgo's heap profiling (runtime/heap/heap_layout.h).
package heap

import (
	"errors"
	"sync/atomic"
	"unsafe"
)

// ErrNotBuilt is the error for a program without heap profiling.
var ErrNotBuilt = errors.New("heap profiling is not in this program: build it with rcgo build --with=heap")

const (
	one        = 65536 // the unit of numbers that may have a fraction
	shards     = 64
	shardSize  = 16384
	mappingMax = 65536
)

// header mirrors struct rcgo_heap_header.
type header struct {
	magic                                                           [16]byte
	size, pid, started, rate, seq                                   uint64
	liveObjects, liveBytes, totalObjects, totalBytes                uint64
	mappedBytes, mappedTotal                                        uint64
	entries, stacks, words, mappings, modules, text                 uint64
	stacksUsed, wordsUsed, mappingsUsed, modulesUsed, textUsed      uint64
	lostSamples, lostFrees, lostStacks, lostMappings, thinned, live uint64
}

// stack mirrors struct rcgo_heap_stack.
type stack struct {
	hash, objects, bytes, at uint64
	c, goes, kind, modules   uint16
}

// An Entry is a live allocation that was sampled. It mirrors struct rcgo_heap_entry.
type Entry struct {
	Address, Size, Seq, Goroutine uint64
	Stack                         uint32
	Weight                        float32 // the number of allocations of this size that it stands for
	next, unused                  uint32
}

// A Mapping is an anonymous mapping. It mirrors struct rcgo_heap_mapping.
type Mapping struct {
	Start, Size, Seq uint64
	Stack            uint32
	State            uint32
}

// States of a mapping that is not C memory of the program. The other states are below.
const (
	Reserved = 2 // without access rights: it takes no memory
	Own      = 3 // of Go and of its runtime/cgo
)

// module mirrors struct rcgo_heap_module.
type module struct {
	start, end, offset, path, key uint64
}

// A Module is the code of an object that was loaded when a stack was recorded.
type Module struct {
	Start, End, Offset uint64
	Path               string // "" for code that is in no file
}

// A Stack is a place where memory was allocated.
type Stack struct {
	C       []uintptr // addresses of calls, innermost first
	Go      []uintptr // return addresses
	Objects float64   // allocated there so far, estimated
	Bytes   float64
	Mmap    bool
	Modules int // how many modules were known then
}

// Numbers are the totals of a profile.
type Numbers struct {
	Rate, Seq                uint64
	LiveObjects, LiveBytes   float64 // of malloc and kin, estimated
	TotalObjects, TotalBytes float64
	MappedBytes, MappedTotal uint64 // of mmap, exact
	Samples                  uint64 // live ones
	Lost, LostFrees, Thinned uint64
}

// A Snapshot is a copy of the tables.
type Snapshot struct {
	Numbers
	Entries  []Entry
	Mappings []Mapping
	Stacks   []Stack
	Modules  []Module
}

func (h *header) at(offset uint64) unsafe.Pointer {
	return unsafe.Pointer(uintptr(unsafe.Pointer(h)) + uintptr(offset))
}

func load(p *uint64) uint64 { return atomic.LoadUint64(p) }

func signed(p *uint64) float64 { return float64(int64(load(p))) }

func (h *header) numbers() Numbers {
	return Numbers{
		Rate: load(&h.rate), Seq: load(&h.seq),
		LiveObjects: signed(&h.liveObjects) / one, LiveBytes: signed(&h.liveBytes),
		TotalObjects: signed(&h.totalObjects) / one, TotalBytes: signed(&h.totalBytes),
		MappedBytes: load(&h.mappedBytes), MappedTotal: load(&h.mappedTotal),
		Samples:   load(&h.live),
		Lost:      load(&h.lostSamples) + load(&h.lostStacks) + load(&h.lostMappings),
		LostFrees: load(&h.lostFrees), Thinned: load(&h.thinned),
	}
}

// Read returns the totals; false if nothing was profiled yet.
func Read() (Numbers, bool) {
	h := tables()
	if h == nil {
		return Numbers{}, false
	}
	return h.numbers(), true
}

// Take copies the tables. It locks one part at a time, for less than a millisecond.
func Take() (*Snapshot, error) {
	if !Built() {
		return nil, ErrNotBuilt
	}
	s := &Snapshot{}
	h := tables()
	if h == nil {
		return s, nil
	}
	s.Numbers = h.numbers()
	part := make([]Entry, shardSize)
	for i := 0; i < shards; i++ {
		s.Entries = append(s.Entries, part[:copyPart(i, unsafe.Pointer(&part[0]))]...)
	}
	mappings := make([]Mapping, mappingMax)
	s.Mappings = mappings[:copyPart(shards, unsafe.Pointer(&mappings[0]))]
	// The content of these parts never changes, except for the counters of a stack.
	stacks := unsafe.Slice((*stack)(h.at(h.stacks)), load(&h.stacksUsed))
	for i := range stacks {
		from := &stacks[i]
		to := Stack{Objects: signed(&from.objects) / one, Bytes: signed(&from.bytes), Mmap: from.kind == 1,
			Modules: int(from.modules)}
		words := unsafe.Slice((*uintptr)(h.at(h.words+8*from.at)), int(from.c)+int(from.goes))
		to.C = append([]uintptr{}, words[:from.c]...)
		to.Go = append([]uintptr{}, words[from.c:]...)
		s.Stacks = append(s.Stacks, to)
	}
	// Last, so that it has the modules of each stack.
	for _, m := range unsafe.Slice((*module)(h.at(h.modules)), load(&h.modulesUsed)) {
		s.Modules = append(s.Modules, Module{m.start, m.end, m.offset, cString((*byte)(h.at(h.text + m.path)))})
	}
	return s, nil
}

func cString(p *byte) string {
	n := 0
	for *(*byte)(unsafe.Add(unsafe.Pointer(p), n)) != 0 {
		n++
	}
	return string(unsafe.Slice(p, n))
}

// Find gives the index of the module that contained a program counter when the stack was recorded, or
// -1. Another module may have been loaded there since.
func (s *Snapshot) Find(stack *Stack, pc uintptr) int {
	n := stack.Modules
	if n > len(s.Modules) {
		n = len(s.Modules)
	}
	for i := n - 1; i >= 0; i-- {
		if m := &s.Modules[i]; uint64(pc) >= m.Start && uint64(pc) < m.End {
			return i
		}
	}
	return -1
}

// InUse returns the live objects and bytes of each stack.
func (s *Snapshot) InUse() (objects, bytes []float64) {
	objects, bytes = make([]float64, len(s.Stacks)), make([]float64, len(s.Stacks))
	for i := range s.Entries {
		e := &s.Entries[i]
		if int(e.Stack) < len(objects) {
			objects[e.Stack] += float64(e.Weight)
			bytes[e.Stack] += float64(e.Weight) * float64(e.Size)
		}
	}
	for i := range s.Mappings {
		if m := &s.Mappings[i]; int(m.Stack) < len(objects) && m.State < Reserved {
			objects[m.Stack]++
			bytes[m.Stack] += float64(m.Size)
		}
	}
	return objects, bytes
}
