// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// Signals in a program with C in it; see testdata/cases/signals.go.
func TestSignals(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, name := range []string{"sig-notify", "sig-kernel", "sig-restart", "sig-c-handler",
			"sig-segv-go"} {
			name := name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, name)
			})
		}
		t.Run("sig-early", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, []string{"SIG_EARLY=1"}, cases(ours).must(t, tc), "sig-early")
			o.want(t, 7, "recovered: ", "C's handler from before Go\n")
		})
		t.Run("sig-segv-c", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, cases(ours).must(t, tc), "sig-segv-c")
			o.want(t, 2, "SIGSEGV: segmentation violation", "main._Cfunc_sig_segv", "goroutine 1 ")
		})
	})
}
