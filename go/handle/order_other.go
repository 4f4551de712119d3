// SPDX-License-Identifier: BSD-3-Clause

//go:build !amd64 || race

package handle

import "sync/atomic"

func publish(word *uint64, w uint64) { atomic.StoreUint64(word, w) }

func relaxedStore(p *uint64, v uint64) { atomic.StoreUint64(p, v) }

// still is a compare and swap, because a plain load could be ordered before the load of the value; and so that the race
// detector knows that a deletion comes later.
func still(word *uint64, h uint64) bool { return atomic.CompareAndSwapUint64(word, h, h) }
