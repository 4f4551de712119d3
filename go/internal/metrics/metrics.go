// SPDX-License-Identifier: BSD-3-Clause

// Package metrics is where the packages of this module that count something say so, for package stats.
package metrics

import "sync"

// A Metric is one counter, as stats.Metric has it.
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

// Read gives what all sources count now.
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
