// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"regexp"
	"strings"
	"testing"
)

var gdbFrame = regexp.MustCompile(`(?m)^#\d+ +(?:0x[0-9a-f]+ in )?(<signal handler called>|[^ ]+)`)

// frameNames returns the functions that a debugger shows, from the crash to the outermost C frame: what follows is on
// Go's stacks, where debuggers guess.
func frameNames(all [][]string) (names []string) {
	for _, m := range all {
		name := strings.TrimSuffix(m[1], ".abi0")
		names = append(names, name)
		if name == "runtime.asmcgocall" {
			break
		}
	}
	return names
}

// A debugger sees the same stack below Go's handler as with the stock runtime/cgo: after a crash in C, whose handler is
// Go's, and after a signal that Go sends itself to leave a core file.
func TestDebuggerLeavesHandlers(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		ask := func(t *testing.T, s side, env string) []string {
			exe := build{program: "frames", side: s, env: env}.must(t, tc)
			o := run(t, tc, nil, []string{"GOTRACEBACK=crash", "DEBUGINFOD_URLS="}, "gdb", "-batch", "-nx",
				"-ex", "handle SIGSEGV SIGURG SIGQUIT nostop noprint pass", "-ex", "run",
				"-ex", "thread apply all bt", "-ex", "bt", "--args", exe, "segv")
			if strings.Contains(o.out, "ptrace") && strings.Contains(o.out, "not permitted") {
				t.Skip("needs ptrace")
			}
			if s == ours && strings.Contains(o.out, "corrupt stack") {
				t.Errorf("gdb does not find the end of each thread's stack:\n%v", o)
			}
			names := frameNames(gdbFrame.FindAllStringSubmatch(o.out[strings.LastIndex(o.out, "\n#0 ")+1:], -1))
			all := strings.Join(names, " ")
			if !strings.Contains(all, "<signal handler called>") || !strings.Contains(all, " fr_middle fr_outer ") ||
				!strings.HasSuffix(all, " runtime.asmcgocall") {
				t.Errorf("gdb shows %v:\n%v", all, o)
			}
			return names
		}
		for name, env := range map[string]string{"plain": "", "not optimised": "CGO_CFLAGS=-O0 -g"} {
			env := env
			t.Run(name, func(t *testing.T) {
				need(t, "gdb", "gdb")
				want := strings.Join(ask(t, stock, env), " ")
				if got := strings.Join(ask(t, ours, env), " "); got != want {
					t.Errorf("got  %s\nwant %s", got, want)
				}
			})
		}
	})
}
