// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// C handlers without SA_ONSTACK; see testdata/cases/interpose.go.
func TestHandlersWithoutOnstack(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, words := range []string{"interpose-how", "interpose-smash", "interpose-fault", "interpose-preempt",
			"interpose-coroutine", "interpose-restore"} {
			words := words
			t.Run(words, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, words)
			})
		}
	})
}

// C++ in handlers that were relocated to its stack: exceptions, siglongjmp, backtrace.
func TestMoved(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for name, flags := range map[string]string{"exe": "", "pie": "-buildmode=pie", "static": linkStatic} {
			name, flags := name, flags
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				program := build{program: "moved", side: ours, flags: flags}.must(t, tc)
				run(t, tc, nil, nil, program).want(t, 0, "moved ok")
			})
		}
	})
}

// valgrind makes signal frames of its own. They move with the handler, so that it can return.
func TestValgrind(t *testing.T) {
	if _, err := exec.LookPath("valgrind"); err != nil {
		t.Skip("valgrind is missing")
	}
	each(t, func(t *testing.T, tc toolchain) {
		o := run(t, tc, nil, nil, "valgrind", cases(ours).must(t, tc), "interpose-how")
		o.want(t, 0, "done interpose-how")
		o.lacks(t, "rcgo_")
	})
}

// RCGO=signals=trace reports each installation of a handler, and rcgo_signal_dump the current table, with names.
func TestSignalDump(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		table := []string{
			"\tSIGUSR2: handler (cases), SA_RESTART, mask none; on C's stack: moved there with its frame\n",
			"\tSIGSEGV: handler (cases), SA_RESTART, mask SIGSEGV; on C's stack: moved there with its frame; " +
				"nil pointers in Go are Go's\n",
			"\tSIGCHLD: Go's handler, SA_SIGINFO|SA_ONSTACK|SA_RESTART, mask all; on the alternate stack\n",
		}
		t.Run("trace", func(t *testing.T) {
			o := run(t, tc, nil, []string{"RCGO=signals=trace"}, program, "signal-dump")
			o.want(t, 0, append(table,
				"runtime/cgo: signals: interpose_install (cases) sets SIGUSR2: handler (cases), SA_RESTART, mask none; on",
				"runtime/cgo: signals: Go sets SIGWINCH: ignored\n",
				"\tSIGUSR1: Go's handler",
				"runtime/cgo: signals: interpose_dump_from_handler (cases) sets SIGUSR1: dump_here (cases), SA_RESETHAND, "+
					"mask SIGTERM; on C's stack")...)
			if n := strings.Count(o.out, "what has a handler"); n != 2 {
				t.Errorf("%d tables, want one at the start and one from C", n)
			}
		})
		t.Run("dump", func(t *testing.T) {
			o := run(t, tc, nil, nil, program, "signal-dump")
			o.want(t, 0, table...)
			o.lacks(t, " sets ")
			o.lacks(t, "\tSIGWINCH")
		})
		t.Run("static", func(t *testing.T) {
			static := build{program: "cases", side: ours, flags: linkStatic}.must(t, tc)
			run(t, tc, nil, []string{"RCGO=signals=trace"}, static, "signal-dump").want(t, 0, append(table,
				"runtime/cgo: signals: interpose_install (cases) sets SIGUSR2: handler (cases)")...)
		})
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

// Crashes on threads that Go does not know are reported with the C stack, and end the process by the same signal as
// with stock.
func TestCrash(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		start := func(name string, env ...string) outcome {
			return run(t, tc, nil, env, program, name)
		}
		t.Run("fault", func(t *testing.T) {
			start("crash-fault").died(t, syscall.SIGSEGV, "runtime/cgo: SIGSEGV: segmentation violation on thread ",
				"address 0x8: nothing is mapped there", "fault_here(...)", "interpose.c:", "runtime_cgo version=")
		})
		t.Run("abort", func(t *testing.T) {
			start("crash-abort").died(t, syscall.SIGABRT, "runtime/cgo: SIGABRT: abort on thread ",
				"abort_here(...)")
		})
		t.Run("many", func(t *testing.T) {
			o := start("crash-many")
			o.died(t, syscall.SIGSEGV, "fault_here(...)")
			if n := strings.Count(o.out, "runtime/cgo: SIGSEGV"); n != 8 {
				t.Errorf("%d reports:\n%v", n, o)
			}
		})
		t.Run("off", func(t *testing.T) {
			o := start("crash-fault", "RCGO=crash=off")
			o.died(t, syscall.SIGSEGV)
			o.lacks(t, "runtime/cgo: SIGSEGV")
		})
		t.Run("overflow", func(t *testing.T) {
			o := start("crash-overflow")
			texts := []string{"runtime/cgo: C stack overflow on thread ", "KiB; raise it with "}
			if tc.minor < 22 {
				// Go's own handler overflows there too and prints nothing, as with stock.
				o.died(t, syscall.SIGSEGV, texts...)
			} else {
				o.want(t, 2, append(texts, "SIGSEGV: segmentation violation", "goroutine ")...)
			}
		})
	})
}
