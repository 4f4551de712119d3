// SPDX-License-Identifier: BSD-3-Clause

//go:build amd64 && !race

package handle

import "sync/atomic"

// On amd64 a plain store is seen after all stores before it, and a plain load sees no less than the
// loads before it; the compiler keeps stores in order. sync/atomic's store would cost 3 ns.

func publish(word *uint64, w uint64) { *word = w }

func relaxedStore(p *uint64, v uint64) { *p = v }

func still(word *uint64, h uint64) bool { return atomic.LoadUint64(word) == h }
