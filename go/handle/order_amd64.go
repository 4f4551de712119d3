// SPDX-License-Identifier: BSD-3-Clause

//go:build amd64 && !race

package handle

import "sync/atomic"

// On amd64 a plain store becomes visible after all earlier stores, and plain loads are not reordered; the compiler
// keeps stores in order. A store of sync/atomic would cost 3 ns.

func publish(word *uint64, w uint64) { *word = w }

func relaxedStore(p *uint64, v uint64) { *p = v }

func still(word *uint64, h uint64) bool { return atomic.LoadUint64(word) == h }
