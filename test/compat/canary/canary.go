// SPDX-License-Identifier: BSD-3-Clause

// Package canary watches the stacks of goroutines: frames of all depths hold known words, which
// somebody who writes below a stack changes.
package canary

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// fill fills its frames with known words and looks at them again when deeper calls are over.
func fill(n int, want uint64) (bad int64) {
	var words [24]uint64
	for i := range words {
		words[i] = want + uint64(i)
	}
	if n > 0 {
		bad = fill(n-1, want*31+7)
	} else {
		for i := 0; i < 2000; i++ {
			words[i%24] ^= 0
		}
	}
	for i, w := range words {
		if w != want+uint64(i) {
			bad++
		}
	}
	return bad
}

// Watch starts goroutines, on fresh stacks again and again, until stop is called, which gives how
// many there were and how many words were not what they were.
func Watch(at int) (stop func() (goroutines, bad int64)) {
	var over, goroutines, bad int64
	var watchers sync.WaitGroup
	for g := 0; g < at; g++ {
		g := g
		watchers.Add(1)
		go func() {
			defer watchers.Done()
			for depth := g; atomic.LoadInt64(&over) == 0; depth++ {
				fresh := make(chan int64)
				go func() { fresh <- fill(depth%61, uint64(depth)) }()
				atomic.AddInt64(&bad, <-fresh)
				atomic.AddInt64(&goroutines, 1)
				if depth%256 == 0 {
					runtime.GC()
				}
			}
		}()
	}
	return func() (int64, int64) {
		atomic.StoreInt64(&over, 1)
		watchers.Wait()
		return goroutines, bad
	}
}
