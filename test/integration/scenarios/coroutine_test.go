// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// C switches to a stack of its own and calls Go there (golang/go#62130); see testdata/cases/coroutine.c.
func TestCoroutines(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, where := range []string{"here", "thread", "at-once"} {
			t.Run(where+" told", func(t *testing.T) { runCase(t, tc, "coroutine", where, "told") })
		}
		// Go asks for the stack of a C thread as it enters Go, but not for that of a Go thread.
		for _, where := range []string{"thread", "at-once"} {
			t.Run(where, func(t *testing.T) { runCase(t, tc, "coroutine", where) })
		}
		t.Run("here", func(t *testing.T) {
			for _, s := range []side{ours, stock} {
				o := run(t, tc, nil, nil, cases(s).must(t, tc), "coroutine", "here")
				if o.hung || o.exit == 0 {
					t.Errorf("%s: %v", s, o)
				}
				o.want(t, o.exit, "stack")
			}
		})
	})
}
