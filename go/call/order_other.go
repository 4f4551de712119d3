// SPDX-License-Identifier: BSD-3-Clause

//go:build !amd64 || race

package call

import (
	"sync/atomic"
	"unsafe"
)

// An atomic store is visible before a later atomic load is executed, so no barrier is needed.
const plainStores = false

func storeWord(to *uint32, n uint32) { atomic.StoreUint32(to, n) }

func storePointer(to *unsafe.Pointer, p unsafe.Pointer) { atomic.StorePointer(to, p) }
