// SPDX-License-Identifier: BSD-3-Clause

// Package canary watches the stacks of goroutines: frames of all depths hold known words. Code that writes below a
// stack changes them.
package canary

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// fill fills its frames with known words and checks them when deeper calls have returned.
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

// Watch starts goroutines with fresh stacks again and again, until stop is called. stop returns how many there were and
// how many words had changed.
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
