// SPDX-License-Identifier: BSD-3-Clause

// Package cheap profiles the C heap of a Go program: which C memory is in use, and which Go line called the C code that
// allocated it. The profiles are in pprof's format, with C and Go frames.
//
//	func main() {
//		cheap.SetRate(512 << 10)
//		http.Handle("/debug/pprof/cheap", cheap.Handler())
//		…
//	}
//
//	go tool pprof http://localhost:6060/debug/pprof/cheap
//
// It needs a program built by `rcgo build --with=heap`. RCGO=heap=on in the environment of such a program has the
// effect of SetRate from the start of the program on.
//
// On average, one allocation is sampled for each rate bytes. Totals are estimates: with L live bytes and rate R, the
// standard error is the square root of R times L, which is 2 % for 512 KiB and 1 GiB. At rate 1 every allocation is
// recorded, and all numbers are exact.
//
// All anonymous mappings (mmap) of C code are recorded too, because allocators inside libraries take their memory from
// there. They are under a frame [mmap]. Memory that malloc itself maps is not counted twice.
package cheap

import (
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sort"
	"strconv"
	"time"

	"rcgo.example/internal/heap"
	"rcgo.example/internal/metrics"
	"rcgo.example/stats"
)

// ErrNotBuilt is the error for a program that was not built by `rcgo build --with=heap`.
var ErrNotBuilt = heap.ErrNotBuilt

// SetRate sets the number of bytes of C memory between two samples. 1 records every allocation; 0 ends sampling, and
// what was recorded stays until it is freed. C memory that was allocated while the rate was 0 is not recorded.
func SetRate(bytes int) error {
	if bytes < 0 {
		return fmt.Errorf("cheap.SetRate(%d): a rate is 0 or more bytes", bytes)
	}
	return heap.SetRate(uint64(bytes))
}

func init() { metrics.Register(metricsNow) }

// metricsNow gives the totals to package stats; none where nothing was profiled yet.
func metricsNow() []metrics.Metric {
	n, ok := heap.Read()
	if !ok {
		return nil
	}
	return []metrics.Metric{
		{Name: "/rcgo/cheap/live:bytes", Description: "C memory of malloc and related functions in use, estimated.", Value: count(n.LiveBytes)},
		{Name: "/rcgo/cheap/live:objects", Description: "Blocks of malloc and related functions in use, estimated.", Value: count(n.LiveObjects)},
		{Name: "/rcgo/cheap/allocated:bytes", Description: "C memory that malloc and related functions have returned so far, estimated.", Cumulative: true, Value: count(n.TotalBytes)},
		{Name: "/rcgo/cheap/mapped:bytes", Description: "Anonymous mappings of C code in use.", Value: n.MappedBytes},
		{Name: "/rcgo/cheap/samples:objects", Description: "Recorded C allocations that are in use.", Value: n.Samples},
		{Name: "/rcgo/cheap/rate:bytes", Description: "C memory for each sample.", Value: n.Rate},
	}
}

// count rounds an estimate, which may be below 0 for a moment.
func count(v float64) uint64 {
	if v < 0 {
		return 0
	}
	return uint64(v)
}

// Stats are totals of the C heap.
type Stats struct {
	Live        int64 // bytes in use from malloc and related functions, estimated
	LiveObjects int64 // their number, estimated
	Allocated   int64 // all bytes from malloc and related functions so far, estimated
	Mapped      int64 // bytes of anonymous mappings in use
	// Address space of the C stacks of threads for Go. Mapped does not contain it; a part of it is in use.
	ThreadStacks int64
	Samples      int64 // recorded allocations that are in use
	Rate         int64 // bytes between samples; it is raised when there are too many
	Lost         int64 // samples that could not be recorded
	ByLibrary    func() []Library
}

// A Library is the C memory that one object has allocated.
type Library struct {
	Name         string // such as libsqlite3.so.0.8.6
	Live, Mapped int64  // bytes
}

// Read returns the current totals; false if nothing was profiled yet. It is cheap, except for ByLibrary, which goes
// through all samples when it is called.
func Read() (Stats, bool) {
	n, ok := heap.Read()
	if !ok {
		return Stats{}, false
	}
	threads, _ := stats.Read()
	return Stats{
		ThreadStacks: int64(threads.ThreadStackBytes),
		Live:         int64(n.LiveBytes), LiveObjects: int64(n.LiveObjects), Allocated: int64(n.TotalBytes),
		Mapped: int64(n.MappedBytes), Samples: int64(n.Samples), Rate: int64(n.Rate), Lost: int64(n.Lost),
		ByLibrary: byLibrary,
	}, true
}

func byLibrary() []Library {
	s, err := heap.Take()
	if err != nil {
		return nil
	}
	_, bytes := s.InUse()
	all := map[string]*Library{}
	for i := range s.Stacks {
		if bytes[i] == 0 {
			continue
		}
		name := s.Library(&s.Stacks[i])
		if all[name] == nil {
			all[name] = &Library{Name: name}
		}
		if s.Stacks[i].Mmap {
			all[name].Mapped += int64(bytes[i])
		} else {
			all[name].Live += int64(bytes[i])
		}
	}
	var list []Library
	for _, l := range all {
		list = append(list, *l)
	}
	sort.Slice(list, func(i, j int) bool {
		a, b := list[i], list[j]
		if a.Live+a.Mapped != b.Live+b.Mapped {
			return a.Live+a.Mapped > b.Live+b.Mapped
		}
		return a.Name < b.Name
	})
	return list
}

// WriteProfile writes a profile of the C heap, gzipped, in the format of pprof. It has the sample types
// of Go's heap profile: alloc_objects, alloc_space, inuse_objects and inuse_space.
func WriteProfile(w io.Writer) error {
	s, err := heap.Take()
	if err != nil {
		return err
	}
	return s.Write(w, s.Values(), 0)
}

// Handler serves the profile, as net/http/pprof serves Go's. ?seconds=N returns the change within N seconds; ?gc=1 runs
// a garbage collection first, which frees C memory that unreachable Go objects held.
func Handler() http.Handler { return http.HandlerFunc(serve) }

func serve(w http.ResponseWriter, r *http.Request) {
	if r.FormValue("gc") != "" && r.FormValue("gc") != "0" {
		runtime.GC()
	}
	seconds, err := strconv.Atoi(r.FormValue("seconds"))
	if r.FormValue("seconds") != "" && (err != nil || seconds < 1) {
		http.Error(w, "seconds: want a number of seconds above 0", http.StatusBadRequest)
		return
	}
	before, err := heap.Take()
	if err == nil && before.Rate == 0 && len(before.Stacks) == 0 {
		err = fmt.Errorf("nothing was profiled: call cheap.SetRate, or start the program with RCGO=heap=on")
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	s, values := before, before.Values()
	if seconds > 0 {
		select {
		case <-r.Context().Done():
			return
		case <-time.After(time.Duration(seconds) * time.Second):
		}
		if s, err = heap.Take(); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		values = s.Values()
		for i, v := range before.Values() {
			for k := range v {
				values[i][k] -= v[k]
			}
		}
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", `attachment; filename="cheap"`)
	s.Write(w, values, time.Duration(seconds)*time.Second)
}
