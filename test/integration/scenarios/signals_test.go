// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"syscall"
	"testing"
)

// Signals in a program with C code; see testdata/cases/signals.go.
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
		t.Run("sig-forward", func(t *testing.T) {
			t.Parallel()
			program := cases(ours).must(t, tc)
			for _, how := range []string{"mask", "nodefer"} {
				run(t, tc, nil, []string{"SIG_PIPE=" + how}, program, "sig-forward").want(t, 0, "done sig-forward")
			}
			run(t, tc, nil, []string{"SIG_PIPE=once"}, program, "sig-forward").died(t, syscall.SIGPIPE)
			stock := cases(stock).must(t, tc)
			for _, how := range []string{"mask", "nodefer"} {
				// One of the two hangs.
				o := run(t, tc, nil, []string{"SIG_PIPE=" + how}, "timeout", "-s", "KILL", "5", stock, "sig-forward")
				if o.exit == 0 {
					t.Errorf("stock does %s too:\n%v", how, o)
				}
			}
		})
		t.Run("sig-segv-c", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, cases(ours).must(t, tc), "sig-segv-c")
			o.want(t, 2, "SIGSEGV: segmentation violation", "main._Cfunc_sig_segv", "goroutine 1 ")
		})
	})
}
