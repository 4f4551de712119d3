// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"strings"
	"syscall"
	"testing"
)

// Handlers of C's without SA_ONSTACK; see testdata/cases/guard.go.
func TestGuard(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, words := range []string{"guard-how", "guard-smash", "guard-fault", "guard-preempt",
			"guard-coroutine"} {
			words := words
			t.Run(words, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, words)
			})
		}
	})
}

// died fails the test unless a signal ended the program.
func (o outcome) died(t *testing.T, sig syscall.Signal, texts ...string) {
	t.Helper()
	if o.hung || o.exit != -1 || o.signal != sig {
		t.Errorf("want an end by %v, got %v", sig, o)
	}
	for _, text := range texts {
		if !strings.Contains(o.out, text) {
			t.Errorf("output lacks %q:\n%v", text, o)
		}
	}
}

// Crashes on threads that Go does not know are told, with the C stack, and end the process by the
// same signal as ever.
func TestCrash(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		start := func(name string, env ...string) outcome {
			return run(t, tc, nil, env, program, name)
		}
		t.Run("fault", func(t *testing.T) {
			start("crash-fault").died(t, syscall.SIGSEGV, "runtime/cgo: SIGSEGV: segmentation violation on thread ",
				"address 0x8: nothing is mapped there", "fault_here(...)", "guard.c:")
		})
		t.Run("abort", func(t *testing.T) {
			start("crash-abort").died(t, syscall.SIGABRT, "runtime/cgo: SIGABRT: abort on thread ",
				"abort_here(...)")
		})
		t.Run("many", func(t *testing.T) {
			o := start("crash-many")
			o.died(t, syscall.SIGSEGV, "fault_here(...)")
			if n := strings.Count(o.out, "runtime/cgo: SIGSEGV"); n != 1 {
				t.Errorf("%d reports:\n%v", n, o)
			}
		})
		t.Run("off", func(t *testing.T) {
			o := start("crash-fault", "RCGO=crash=off")
			o.died(t, syscall.SIGSEGV)
			o.lacks(t, "runtime/cgo: SIGSEGV")
		})
		t.Run("overflow", func(t *testing.T) {
			start("crash-overflow").want(t, 2, "runtime/cgo: C stack overflow on thread ", "KiB; raise it with ",
				"SIGSEGV: segmentation violation", "goroutine ")
		})
	})
}
