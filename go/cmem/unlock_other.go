// SPDX-License-Identifier: BSD-3-Clause

//go:build !amd64 || race

package cmem

import "sync/atomic"

func unlock(p *uint32) { atomic.StoreUint32(p, 0) }
