// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.24

package cmem

import "runtime"

// onUnreachable frees m when o is unreachable. It returns a function that cancels that.
func onUnreachable(o *Owned, m *memory) func() {
	c := runtime.AddCleanup(o, func(m *memory) { m.free(true) }, m)
	return c.Stop
}
