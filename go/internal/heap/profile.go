// SPDX-License-Identifier: BSD-3-Clause

package heap

import (
	"compress/gzip"
	"io"
	"math"
	"time"
)

// A message of the protocol buffer format, which github.com/google/pprof/proto/profile.proto uses.
type message []byte

func (m *message) varint(v uint64) {
	for ; v >= 0x80; v >>= 7 {
		*m = append(*m, byte(v)|0x80)
	}
	*m = append(*m, byte(v))
}

func (m *message) number(field int, v int64) {
	if v != 0 {
		m.varint(uint64(field) << 3)
		m.varint(uint64(v))
	}
}

func (m *message) flag(field int, v bool) {
	if v {
		m.number(field, 1)
	}
}

func (m *message) bytes(field int, b []byte) {
	m.varint(uint64(field)<<3 | 2)
	m.varint(uint64(len(b)))
	*m = append(*m, b...)
}

func (m *message) packed(field int, v []int64) {
	var b message
	for _, n := range v {
		b.varint(uint64(n))
	}
	m.bytes(field, b)
}

// Fields of profile.proto.
const (
	profileSampleType, profileSample, profileMapping, profileLocation, profileFunction = 1, 2, 3, 4, 5
	profileString, profileTime, profileDuration, profilePeriodType, profilePeriod      = 6, 9, 10, 11, 12
	profileDefaultType                                                                 = 14
)

type profile struct {
	out       message
	strings   map[string]int64
	list      []string
	functions map[Frame]int64
	locations map[location]int64
	snapshot  *Snapshot
	names     *Names
}

type location struct {
	place
	isGo bool
}

func (p *profile) text(s string) int64 {
	id, ok := p.strings[s]
	if !ok {
		id = int64(len(p.list))
		p.strings[s] = id
		p.list = append(p.list, s)
	}
	return id
}

func (p *profile) function(f Frame) int64 {
	key := Frame{Function: f.Function, File: f.File}
	id, ok := p.functions[key]
	if !ok {
		id = int64(len(p.functions) + 1)
		p.functions[key] = id
		var m message
		m.number(1, id)
		m.number(2, p.text(f.Function))
		m.number(3, p.text(f.Function))
		m.number(4, p.text(f.File))
		p.out.bytes(profileFunction, m)
	}
	return id
}

// location returns the number of a location with these frames.
func (p *profile) location(at location, frames []Frame) int64 {
	id, ok := p.locations[at]
	if ok {
		return id
	}
	id = int64(len(p.locations) + 1)
	p.locations[at] = id
	var m message
	m.number(1, id)
	m.number(2, int64(at.module+1))
	m.number(3, int64(at.pc))
	for _, f := range frames {
		var line message
		line.number(1, p.function(f))
		line.number(2, int64(f.Line))
		m.bytes(4, line)
	}
	p.out.bytes(profileLocation, m)
	return id
}

// goModule gives the index of the module with Go's code at an address, or -1. It is never unloaded.
func (p *profile) goModule(pc uintptr) int {
	return p.snapshot.Find(&Stack{Modules: len(p.snapshot.Modules)}, pc)
}

func (p *profile) mappings() {
	for i, from := range p.snapshot.Modules {
		var m message
		m.number(1, int64(i+1))
		m.number(2, int64(from.Start))
		m.number(3, int64(from.End))
		m.number(4, int64(from.Offset))
		m.number(5, p.text(from.Path))
		// All names that can be found are in the profile.
		for field := 7; field <= 10; field++ {
			m.flag(field, true)
		}
		p.out.bytes(profileMapping, m)
	}
}

func (p *profile) valueType(field int, kind, unit string) {
	var m message
	m.number(1, p.text(kind))
	m.number(2, p.text(unit))
	p.out.bytes(field, m)
}

// stackIDs returns the locations of a stack, innermost first.
func (p *profile) stackIDs(s *Stack) []int64 {
	var ids []int64
	for _, pc := range s.C {
		if frames := p.names.C(s, pc); len(frames) > 0 {
			ids = append(ids, p.location(location{place{pc, p.snapshot.Find(s, pc)}, false}, frames))
		}
	}
	for _, pc := range s.Go {
		if frames := p.names.Go(pc); len(frames) > 0 {
			ids = append(ids, p.location(location{place{pc, p.goModule(pc)}, true}, frames))
		}
	}
	if s.Mmap {
		ids = append(ids, p.location(location{place{1, -1}, false}, []Frame{{Function: "[mmap]"}}))
	}
	return ids
}

// Values are the values of a stack: objects and bytes allocated, objects and bytes in use.
type Values [4]float64

// Values returns the values of every stack.
func (s *Snapshot) Values() []Values {
	objects, bytes := s.InUse()
	all := make([]Values, len(s.Stacks))
	for i := range all {
		all[i] = Values{s.Stacks[i].Objects, s.Stacks[i].Bytes, objects[i], bytes[i]}
	}
	return all
}

// Write writes a gzipped profile of these values. duration is 0 for a profile of the current state.
func (s *Snapshot) Write(w io.Writer, values []Values, duration time.Duration) error {
	p := &profile{strings: map[string]int64{}, functions: map[Frame]int64{}, locations: map[location]int64{},
		snapshot: s, names: NewNames(s)}
	p.text("")
	for _, t := range [][2]string{{"alloc_objects", "count"}, {"alloc_space", "bytes"},
		{"inuse_objects", "count"}, {"inuse_space", "bytes"}} {
		p.valueType(profileSampleType, t[0], t[1])
	}
	p.mappings()
	for i := range values {
		var rounded []int64
		any := false
		for _, v := range values[i] {
			rounded = append(rounded, int64(math.Round(v)))
			any = any || rounded[len(rounded)-1] != 0
		}
		if !any {
			continue
		}
		var m message
		m.packed(1, p.stackIDs(&s.Stacks[i]))
		m.packed(2, rounded)
		if len(s.Stacks[i].Go) == 0 {
			var label message
			label.number(1, p.text("thread"))
			label.number(2, p.text("C"))
			m.bytes(3, label)
		}
		p.out.bytes(profileSample, m)
	}
	p.out.number(profileTime, time.Now().UnixNano())
	p.out.number(profileDuration, int64(duration))
	p.valueType(profilePeriodType, "space", "bytes")
	p.out.number(profilePeriod, int64(s.Rate))
	p.out.number(profileDefaultType, p.text("inuse_space"))
	for _, text := range p.list {
		p.out.bytes(profileString, []byte(text))
	}
	zipped := gzip.NewWriter(w)
	if _, err := zipped.Write(p.out); err != nil {
		return err
	}
	return zipped.Close()
}
