// SPDX-License-Identifier: BSD-3-Clause

// Package metrics registers the counters of the packages of this module, for package stats.
package metrics

import "sync"

// A Metric is one counter, as in stats.Metric.
type Metric struct {
	Name, Description string
	Cumulative        bool
	Value             uint64
}

var (
	mu      sync.Mutex
	sources []func() []Metric
)

// Register adds a source, which is called for each reading.
func Register(source func() []Metric) {
	mu.Lock()
	defer mu.Unlock()
	sources = append(sources, source)
}

// Read returns the counters of all sources.
func Read() []Metric {
	mu.Lock()
	list := sources
	mu.Unlock()
	var all []Metric
	for _, source := range list {
		all = append(all, source()...)
	}
	return all
}
