// SPDX-License-Identifier: BSD-3-Clause

package ring

import (
	"sync"

	"rcgo.example/internal/metrics"
)

// live are the rings whose counters package stats reads; past sums up those that have ended.
var live struct {
	sync.Mutex
	rings map[*core]bool
	past  Stats
}

func init() { metrics.Register(readMetrics) }

func watch(r *core) {
	live.Lock()
	defer live.Unlock()
	if live.rings == nil {
		live.rings = map[*core]bool{}
	}
	live.rings[r] = true
}

// unwatch is called with the lock of r, whose counters are final.
func unwatch(r *core) {
	live.Lock()
	defer live.Unlock()
	delete(live.rings, r)
	live.past.add(r.finished)
}

func (s *Stats) add(o Stats) {
	s.Events += o.Events
	s.Dropped += o.Dropped
	s.Full += o.Full
	s.Wakes += o.Wakes
	s.Lanes += o.Lanes
}

func readMetrics() []metrics.Metric {
	live.Lock()
	sum := live.past
	var rings []*core
	for r := range live.rings {
		rings = append(rings, r)
	}
	live.Unlock()
	open := 0
	for _, r := range rings { // without the lock, because unwatch takes it second
		r.mu.Lock()
		if !r.freed {
			sum.add(r.count())
			open++
		}
		r.mu.Unlock()
	}
	return []metrics.Metric{
		{Name: "/rcgo/rings/open:rings", Description: "Rings that are open.", Value: uint64(open)},
		{Name: "/rcgo/rings/events:events", Description: "Records that Go has read from rings.", Cumulative: true, Value: sum.Events},
		{Name: "/rcgo/rings/dropped:events", Description: "Records that found a ring full and were dropped.", Cumulative: true, Value: sum.Dropped},
		{Name: "/rcgo/rings/full:events", Description: "Pushes that found a ring full.", Cumulative: true, Value: sum.Full},
		{Name: "/rcgo/rings/wakes:events", Description: "Pushes that woke a reader.", Cumulative: true, Value: sum.Wakes},
	}
}
