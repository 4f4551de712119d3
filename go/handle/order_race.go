// SPDX-License-Identifier: BSD-3-Clause

//go:build race

package handle

import "sync"

// The race detector does not see atomic operations on C memory, where the words are. It would also report a value that
// is read while its slot is reused, and then dropped. With the detector, a lock gives the ordering that the words give
// otherwise.
var slots [256]sync.Mutex

func enter(i uint64) { slots[i%256].Lock() }

func leave(i uint64) { slots[i%256].Unlock() }
