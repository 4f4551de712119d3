// SPDX-License-Identifier: BSD-3-Clause

package heap

import (
	"io"
	"math"
	"time"

	"rcgo.example/internal/pprof"
)

type profile struct {
	*pprof.Builder
	locations map[location]int64
	snapshot  *Snapshot
	names     *Names
}

type location struct {
	place
	isGo bool
}

// location returns the number of a location with these frames.
func (p *profile) location(at location, frames []Frame) int64 {
	id, ok := p.locations[at]
	if ok {
		return id
	}
	id = int64(len(p.locations) + 1)
	p.locations[at] = id
	var m pprof.Message
	m.Number(1, id)
	m.Number(2, int64(at.module+1))
	m.Number(3, int64(at.pc))
	for _, f := range frames {
		var line pprof.Message
		line.Number(1, p.Function(f.Function, f.File))
		line.Number(2, int64(f.Line))
		m.Bytes(4, line)
	}
	p.Out.Bytes(pprof.Location, m)
	return id
}

// goModule gives the index of the module with Go's code at an address, or -1. It is never unloaded.
func (p *profile) goModule(pc uintptr) int {
	return p.snapshot.Find(&Stack{Modules: len(p.snapshot.Modules)}, pc)
}

func (p *profile) mappings() {
	for i, from := range p.snapshot.Modules {
		var m pprof.Message
		m.Number(1, int64(i+1))
		m.Number(2, int64(from.Start))
		m.Number(3, int64(from.End))
		m.Number(4, int64(from.Offset))
		m.Number(5, p.Text(from.Path))
		// All names that can be found are in the profile.
		for field := 7; field <= 10; field++ {
			m.Flag(field, true)
		}
		p.Out.Bytes(pprof.Mapping, m)
	}
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
	p := &profile{Builder: pprof.NewBuilder(), locations: map[location]int64{}, snapshot: s, names: NewNames(s)}
	for _, t := range [][2]string{{"alloc_objects", "count"}, {"alloc_space", "bytes"},
		{"inuse_objects", "count"}, {"inuse_space", "bytes"}} {
		p.ValueType(pprof.SampleType, t[0], t[1])
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
		var m pprof.Message
		m.Packed(1, p.stackIDs(&s.Stacks[i]))
		m.Packed(2, rounded)
		if len(s.Stacks[i].Go) == 0 {
			p.Label(&m, "thread", "C")
		}
		p.Out.Bytes(pprof.Sample, m)
	}
	p.Out.Number(pprof.Time, time.Now().UnixNano())
	p.Out.Number(pprof.Duration, int64(duration))
	p.ValueType(pprof.PeriodType, "space", "bytes")
	p.Out.Number(pprof.Period, int64(s.Rate))
	p.Out.Number(pprof.DefaultType, p.Text("inuse_space"))
	return p.Write(w)
}
