// SPDX-License-Identifier: BSD-3-Clause

//go:build !amd64 || race

package call

import (
	"sync/atomic"
	"unsafe"
)

// storeInterrupt publishes a function value, or takes it back.
func storeInterrupt(to *unsafe.Pointer, p unsafe.Pointer) { atomic.StorePointer(to, p) }
