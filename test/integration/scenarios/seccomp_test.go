// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"strings"
	"testing"
)

// A filter that permits all that stock needs also suffices for our runtime/cgo: the program ends as it does with stock,
// with at least the same output.
func TestSeccomp(t *testing.T) {
	actions := []struct{ name, number string }{
		{"kill", "0x80000000"}, {"trap", "0x00030000"}, {"eperm", "0x00050001"},
	}
	whats := []struct{ name, says string }{
		{"threads", "done seccomp"}, {"setenv", "done seccomp"}, {"nil", "main.seccomp("},
		{"panic", "panic: in a sandbox"}, {"c-nil", "main.seccomp("}, {"c-abort", "main.seccomp("},
		{"c-thread-nil", "C stack:"}, {"quit", "SIGQUIT: quit"},
	}
	each(t, func(t *testing.T, tc toolchain) {
		if o := run(t, tc, nil, nil, cases(stock).must(t, tc), "seccomp", "0x7fff0000", "panic"); strings.Contains(o.out, "no filter") {
			t.Skip("no seccomp here")
		}
		for _, action := range actions {
			for _, what := range whats {
				t.Run(action.name+"/"+what.name, func(t *testing.T) {
					words := []string{"seccomp", action.number, what.name}
					// Otherwise glibc's malloc opens a file to count processors at the second
					// thread.
					env := []string{"MALLOC_ARENA_MAX=1"}
					want := run(t, tc, nil, env, append([]string{cases(stock).must(t, tc)}, words...)...)
					got := run(t, tc, nil, env, append([]string{cases(ours).must(t, tc)}, words...)...)
					if got.exit != want.exit || got.signal != want.signal || got.hung {
						t.Errorf("stock: %v\nours: %v", want, got)
					}
					got.want(t, want.exit, what.says)
				})
			}
		}
	})
}
