// SPDX-License-Identifier: BSD-3-Clause

//go:build !amd64 || race

package call

import (
	"sync/atomic"
	"unsafe"
)

// An atomic store is seen before any atomic load that follows is made: nobody needs a barrier.
const plainStores = false

func storeWord(to *uint32, n uint32) { atomic.StoreUint32(to, n) }

func storePointer(to *unsafe.Pointer, p unsafe.Pointer) { atomic.StorePointer(to, p) }
