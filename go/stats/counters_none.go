// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux || !cgo

package stats

func read() (Stats, bool) { return Stats{}, false }
