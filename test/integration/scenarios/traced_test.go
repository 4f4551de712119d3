// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// Waits and their ends come as often as the scheduler of the day wants. What the kernel makes a
// thread of Go do at a preemption is Go's.
var waits = regexp.MustCompile(`^\d+ +(?:<\.\.\.|\+\+\+|---|futex|nanosleep|clock_nanosleep|sched_yield|epoll_|` +
	`restart_syscall|exit|tgkill)`)

// systemCalls counts what testdata/traced does, without waits: the median of some runs.
func systemCalls(t *testing.T, tc toolchain, s side, what string, n int) float64 {
	t.Helper()
	program := build{program: "traced", side: s, flags: linkExternal}.must(t, tc)
	var counts []int
	for i := 0; i < 5; i++ {
		trace := filepath.Join(t.TempDir(), "trace")
		o := run(t, tc, nil, []string{"GOGC=off", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2"},
			"strace", "-f", "-qq", "-o", trace, program, what, strconv.Itoa(n))
		o.want(t, 0)
		text, err := os.ReadFile(trace)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		for _, line := range strings.Split(string(text), "\n") {
			if line != "" && !waits.MatchString(line) {
				count++
			}
		}
		counts = append(counts, count)
	}
	sort.Ints(counts)
	return float64(counts[0]) // the others have more of what Go does in the background
}

// The system calls of a start, a thread, a signal and a call are no more than stock's, but for what
// is allowed here.
func TestSystemCallsAreStocks(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace")
	}
	each(t, func(t *testing.T, tc toolchain) {
		const few, many = 10, 110
		for _, c := range []struct {
			what    string
			allowed float64 // more for each, or for a start
		}{
			{"starts", 5},
			{"threads", 0.5},
			{"go-signals", 0.5},
			{"c-signals", 0.5},
			{"calls", 0.5},
			{"c-threads", 0.5},
		} {
			c := c
			t.Run(c.what, func(t *testing.T) {
				each := func(s side) float64 {
					if c.what == "starts" {
						return systemCalls(t, tc, s, c.what, 0)
					}
					return (systemCalls(t, tc, s, c.what, many) - systemCalls(t, tc, s, c.what, few)) / (many - few)
				}
				theirs, mine := each(stock), each(ours)
				t.Logf("%s: stock %.2f, ours %.2f", c.what, theirs, mine)
				if mine > theirs+c.allowed {
					t.Errorf("%s: %.2f system calls, stock %.2f, allowed are %.2f more", c.what, mine, theirs, c.allowed)
				}
			})
		}
	})
}
