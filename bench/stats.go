// SPDX-License-Identifier: BSD-3-Clause
package main

import "sort"

// series holds the values of one quantity, one for each round.
type series []float64

// quantile returns the value below which the fraction q of the series lies.
func (s series) quantile(q float64) float64 {
	if len(s) == 0 {
		return 0
	}
	sorted := append(series(nil), s...)
	sort.Float64s(sorted)
	at := q * float64(len(sorted)-1)
	i := int(at)
	if i+1 >= len(sorted) {
		return sorted[len(sorted)-1]
	}
	return sorted[i] + (at-float64(i))*(sorted[i+1]-sorted[i])
}

func (s series) median() float64 { return s.quantile(0.5) }
func (s series) least() float64  { return s.quantile(0) }

// spread returns half the interquartile range, the ± of the table.
func (s series) spread() float64 { return (s.quantile(0.75) - s.quantile(0.25)) / 2 }

// slower reports whether ours is slower than stock beyond the noise: the spreads do not overlap,
// and the minima differ in the same direction.
func slower(stock, ours series) bool {
	return ours.quantile(0.25) > stock.quantile(0.75) && ours.least() > stock.least()
}
