// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// Calls between Go and C, on every kind of thread. testdata/cases/callbacks.go says what each case proves.
func TestCallbacks(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, name := range []string{"nest", "panic", "threads", "threads-leak", "threads-small-stack",
			"threads-blocked", "threads-key", "threads-started"} {
			name := name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, name)
			})
		}
	})
}
