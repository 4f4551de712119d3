// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"testing"
)

var followed = regexp.MustCompile(`(?m)^files: (.*)$`)

var sourceFile = regexp.MustCompile("`((?:runtime|backtrace)/[^`]+\\.[cS])`")

// documentedFiles returns the source files that a section of doc/dataflow.md names before the text end.
func documentedFiles(t *testing.T, title, end string) string {
	t.Helper()
	text, err := os.ReadFile("../../../doc/dataflow.md")
	if err != nil {
		t.Fatal(err)
	}
	section := string(text)
	section = section[strings.Index(section, "\n## "+title)+1:]
	if !strings.HasPrefix(section, "## "+title) || !strings.Contains(section, end) {
		t.Fatalf("doc/dataflow.md has no section %q with the words %q", title, end)
	}
	files := map[string]bool{}
	for _, m := range sourceFile.FindAllStringSubmatch(section[:strings.Index(section, end)], -1) {
		files[ofCPU.ReplaceAllString(m[1], "_<cpu>.")] = true
	}
	return sorted(files)
}

// The document names the file of one CPU where not all CPUs have one; testdata/paths/follow.py names none.
var ofCPU = regexp.MustCompile(`_(amd64|arm64)\.`)

func sorted(set map[string]bool) string {
	var words []string
	for word := range set {
		words = append(words, word)
	}
	sort.Strings(words)
	return strings.Join(words, " ")
}

// A signal goes through the source files that doc/dataflow.md names, and through few: a debugger steps from the
// assembly that the kernel or Go enters to Go's handler or C's.
func TestSignalsGoThroughTheFilesNamed(t *testing.T) {
	needHere(t, "gdb")
	need(t, "gdb", "gdb")
	register := map[string]string{"amd64": "$rdi", "arm64": "$x0"}[runtime.GOARCH]
	sample := documentedFiles(t, "A SIGPROF sample is taken in C", "On a miss")
	relocated := "A C handler without SA_ONSTACK interrupts a goroutine"
	for _, c := range []struct {
		name, from, to, signal, skip string
		files                        string
		most                         int
	}{
		{"sample", "x_cgo_callers", "sigtramp", "27", "20", sample, 5},
		{"signal", "*rcgo__trampoline_enter", "^on_signal$", "10", "0", documentedFiles(t, relocated, "For a fault"), 7},
		{"fault", "*rcgo__trampoline_enter", "^on_signal$", "11", "0", documentedFiles(t, relocated, "\n## "), 7},
	} {
		c := c
		t.Run(c.name, func(t *testing.T) {
			each(t, func(t *testing.T, tc toolchain) {
				exe := build{program: "paths", side: ours}.must(t, tc)
				o := run(t, tc, nil, []string{"GODEBUG=asyncpreemptoff=1", "FROM=" + c.from, "TO=" + c.to, "SIGNO=" + c.signal, "REGISTER=" + register,
					"SKIP=" + c.skip}, "gdb", "-batch", "-nx", "-x", "testdata/paths/follow.py", "--args", exe, c.name)
				if strings.Contains(o.out, "ptrace") && strings.Contains(o.out, "not permitted") {
					t.Skip("needs ptrace")
				}
				files := map[string]bool{}
				if m := followed.FindStringSubmatch(o.out); m != nil {
					for _, file := range strings.Fields(m[1]) {
						files[file] = true
					}
				}
				// An entry that is not in its first slot is a miss.
				delete(files, "backtrace/unwind/unwind_cache.c")
				if got := sorted(files); got != c.files || len(files) > c.most {
					t.Errorf("%s goes through %d files, at most %d:\n%s\ndoc/dataflow.md names\n%s\n%v", c.name,
						len(files), c.most, got, c.files, o)
				}
			})
		})
	}
}
