// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// A SIGSEGV or SIGBUS handler of C, which was installed after Go's, maps pages on demand, and Go touches them; see
// testdata/cases/pager.go.
func TestPagers(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, sig := range []string{"segv", "bus"} {
			for _, flags := range []string{"onstack", "nodefer", "bare"} {
				sig, flags := sig, flags
				t.Run(sig+"/"+flags, func(t *testing.T) {
					t.Parallel()
					runCase(t, tc, "pager", sig, flags)
				})
			}
		}
	})
}

// The same by libsigsegv, whose handlers have no SA_ONSTACK.
func TestLibsigsegv(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := build{program: "libsigsegv", side: ours}.must(t, tc)
		run(t, tc, nil, nil, program).want(t, 0, "libsigsegv ok")
	})
}
