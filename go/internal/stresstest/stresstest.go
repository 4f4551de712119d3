// SPDX-License-Identifier: BSD-3-Clause

// Package stresstest runs work in many goroutines during collections, growing stacks, preemption and profiling signals.
// It is for tests.
package stresstest

import (
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Run calls work repeatedly, with the number of its goroutine: for a few seconds, for half a second with -short, or as
// long as RCGO_SOAK says.
func Run(t *testing.T, work func(i int)) {
	d, goroutines := 3*time.Second, 1000
	if testing.Short() {
		d, goroutines = time.Second/2, 200
	}
	if s := os.Getenv("RCGO_SOAK"); s != "" {
		var err error
		if d, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(1))
	defer startSIGPROF(t)()
	var rounds int64
	var wg sync.WaitGroup
	end := time.Now().Add(d)
	for i := 0; i < goroutines; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for time.Now().Before(end) {
				work(i)
				atomic.AddInt64(&rounds, 1)
			}
		}(i)
	}
	wg.Wait()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	t.Logf("%d rounds of %d goroutines, %d collections", rounds, goroutines, m.NumGC)
}

// startSIGPROF profiles at 1,000 Hz until the returned function is called. The runtime warns that StartCPUProfile
// cannot change the rate, which is intended.
func startSIGPROF(t *testing.T) func() {
	runtime.SetCPUProfileRate(1000)
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Log(err)
		return func() { runtime.SetCPUProfileRate(0) }
	}
	return pprof.StopCPUProfile
}

// Grow calls f at every depth of a stack that has to grow.
func Grow(depth int, f func()) byte {
	var room [200]byte
	room[depth%len(room)] = 1
	f()
	if depth == 0 {
		return room[0]
	}
	return Grow(depth-1, f) + room[depth%len(room)]
}
