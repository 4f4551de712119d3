// SPDX-License-Identifier: BSD-3-Clause

//go:build race

package handle

import "sync"

// The race detector does not see atomic operations on C's memory, where the words are; and a value
// that is read while its slot changes hands, and then dropped, is a race to it. With it, a lock
// says what the words say without.
var slots [256]sync.Mutex

func enter(i uint64) { slots[i%256].Lock() }

func leave(i uint64) { slots[i%256].Unlock() }
