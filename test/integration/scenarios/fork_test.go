// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"strings"
	"testing"
)

// A forked child that enters Go gets a message (golang/go#67174).
const forkMessage = "runtime/cgo: Go was entered in a forked child process."

// With RCGO=fork=end, a forked child that enters Go ends at once by SIGABRT and with a message, for each way to fork
// and for a call on any thread.
func TestForkThatCallsGoSaysSo(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, how := range []string{"libc", "clone"} {
			for _, what := range []string{"calls", "thread-calls"} {
				for _, where := range []string{"go", "c"} {
					how, what, where := how, what, where
					t.Run(how+"-"+what+"-"+where, func(t *testing.T) {
						t.Parallel()
						program := cases(ours).must(t, tc)
						o := run(t, tc, nil, []string{"RCGO=fork=end"}, program, "fork", how, what, where)
						o.want(t, 0, forkMessage, "child: signal 6\n", "posix_spawn")
					})
				}
			}
		}
		t.Run("stock", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, cases(stock).must(t, tc), "fork", "libc", "calls", "c")
			if strings.Contains(o.out, forkMessage) {
				t.Errorf("stock has the message too: %v", o)
			}
			t.Logf("stock: %v", o)
		})
	})
}

// A child that does not call Go is not affected.
func TestForkThatLeavesGoAlone(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, words := range []string{"libc execs go", "libc execs c", "clone execs go", "clone execs c",
			"vfork execs go", "vfork execs c", "libc exits c", "libc ends-thread c", "libc ends-thread go"} {
			words := words
			t.Run(strings.ReplaceAll(words, " ", "-"), func(t *testing.T) {
				t.Parallel()
				o := runCase(t, tc, append([]string{"fork"}, strings.Fields(words)...)...)
				o.want(t, 0, "child: exit 0\n")
				o.lacks(t, forkMessage)
			})
		}
		t.Run("os-exec", func(t *testing.T) {
			t.Parallel()
			runCase(t, tc, "fork-os-exec")
		})
	})
}
