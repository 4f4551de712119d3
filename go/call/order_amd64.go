// SPDX-License-Identifier: BSD-3-Clause

//go:build !race

package call

import "unsafe"

// A goroutine says with plain stores what it does, and then looks whether somebody wants to know. The
// processor may do the second first, so who wants to know makes all threads execute a barrier before it
// looks. sync/atomic's stores are locked instructions here, which take 6 to 8 ns each.
const plainStores = true

func storeWord(to *uint32, n uint32) { *to = n }

func storePointer(to *unsafe.Pointer, p unsafe.Pointer) { *to = p }
