// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"regexp"
	"runtime"
	"sort"
	"strings"
	"testing"
)

// asStock is the option that switches every difference off.
const asStock = "RCGO=stock"

// With the option, what C code and the kernel see is the same as with stock. Without it, it differs, which shows that
// the right facts are compared.
func TestStockOptionFacts(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		want := run(t, tc, nil, nil, cases(stock).must(t, tc), "facts")
		want.want(t, 0, "done facts")
		got := run(t, tc, nil, []string{asStock}, cases(ours).must(t, tc), "facts")
		if got.out != want.out {
			t.Errorf("stock:\n%v\nours:\n%v", want, got)
		}
		got = run(t, tc, nil, nil, cases(ours).must(t, tc), "facts")
		theirs := strings.Split(want.out, "\n")
		for i, line := range strings.Split(got.out, "\n") {
			for _, name := range []string{"sigaction:", "Go's:", "Go's thread:", "FACT19:"} {
				if strings.HasPrefix(line, name) && i < len(theirs) && line == theirs[i] && runtime.GOARCH == "amd64" {
					t.Errorf("the same without %s: %s", asStock, line)
				}
			}
		}
	})
}

// Numbers, addresses and registers, which differ from run to run.
var (
	numbers = regexp.MustCompile(`(0x)?[0-9a-f]+`)
	ourLine = regexp.MustCompile(`(?m)^runtime/cgo: .*$`)
)

// crashLines returns the lines of a report that do not depend on the run, without Go's goroutines.
func crashLines(o outcome) []string {
	var lines []string
	for _, line := range ourLine.FindAllString(o.out, -1) {
		lines = append(lines, numbers.ReplaceAllString(line, "N"))
	}
	for _, name := range []string{"fault_here", "abort_here", "nil_here", "C stack", "interpose.c"} {
		if strings.Contains(o.out, name) {
			lines = append(lines, name)
		}
	}
	sort.Strings(lines)
	return lines
}

// Crash reports are the same as stock's.
func TestStockOptionCrashes(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, what := range []string{"crash-fault", "crash-abort", "crash-overflow"} {
			t.Run(what, func(t *testing.T) {
				want := run(t, tc, nil, nil, cases(stock).must(t, tc), what)
				got := run(t, tc, nil, []string{asStock}, cases(ours).must(t, tc), what)
				if got.exit != want.exit || got.signal != want.signal || got.hung != want.hung {
					t.Errorf("stock: %v\nours: %v", want, got)
				}
				if a, b := strings.Join(crashLines(want), "\n"), strings.Join(crashLines(got), "\n"); a != b {
					t.Errorf("stock says %q, ours %q\n%v", a, b, got)
				}
			})
		}
	})
}
