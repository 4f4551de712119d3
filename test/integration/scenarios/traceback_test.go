// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import "testing"

// A program's own traceback functions; see testdata/cases/traceback.go.
func TestTraceback(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, name := range []string{"tb-context", "tb-stack", "tb-sigprof"} {
			name := name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, name)
			})
		}
		for _, name := range []string{"tb-crash", "tb-quit"} {
			name := name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, nil, cases(ours).must(t, tc), name)
				o.want(t, 2, "tb_calls_go\n", "the_c_side.c:222", "main.caseTb")
				if name == "tb-crash" { // the frames that x_cgo_callers has collected
					o.want(t, 2, "SIGSEGV", "tb_busy_loop\n")
				}
			})
		}
		t.Run("tb-context-panic", func(t *testing.T) {
			t.Parallel()
			o := runCase(t, tc, "tb-context-panic")
			o.want(t, 0, "0 wrongly; then 10 calls: 10 begun, 10 released\n")
			s := run(t, tc, nil, nil, cases(stock).must(t, tc), "tb-context-panic")
			if o.out != s.out {
				t.Errorf("stock: %v\nours: %v", s, o)
			}
		})
		t.Run("tb-signals", func(t *testing.T) {
			t.Parallel()
			o := runCase(t, tc, "tb-signals")
			o.want(t, 0, "300 tracebacks of 300 for signal 27\n", "\n0 tracebacks of 300 for signal 23\n")
			t.Logf("stock: %v", run(t, tc, nil, nil, cases(stock).must(t, tc), "tb-signals"))
		})
	})
}
