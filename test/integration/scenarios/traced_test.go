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

// The number of waits and of their ends depends on the scheduler. The system calls that preemption causes on a Go
// thread are Go's.
var waits = regexp.MustCompile(`^\d+ +(?:<\.\.\.|\+\+\+|---|futex|nanosleep|clock_nanosleep|sched_yield|epoll_|` +
	`restart_syscall|exit|tgkill)`)

// A trace has the system calls of a run of testdata/traced: how often each was made, without waits.
type trace map[string]int

func (c trace) total() int {
	n := 0
	for _, times := range c {
		n += times
	}
	return n
}

var tracedCall = regexp.MustCompile(`^\d+ +([a-z0-9_]+)\(`)

// A variant is a build of testdata/traced with an environment.
type variant struct {
	side side
	env  string
}

// systemCalls traces n repetitions in testdata/traced: of five runs, the one with the median number of system calls.
func systemCalls(t *testing.T, tc toolchain, v variant, what string, n int) trace {
	t.Helper()
	program := build{program: "traced", side: v.side, flags: linkExternal}.must(t, tc)
	var runs []trace
	for i := 0; i < 5; i++ {
		file := filepath.Join(t.TempDir(), "trace")
		o := run(t, tc, nil, []string{"GOGC=off", "GODEBUG=asyncpreemptoff=1", "GOMAXPROCS=2", v.env},
			"strace", "-f", "-qq", "-o", file, program, what, strconv.Itoa(n))
		o.want(t, 0)
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		calls := trace{}
		for _, line := range strings.Split(string(text), "\n") {
			if m := tracedCall.FindStringSubmatch(line); m != nil && !waits.MatchString(line) {
				calls[m[1]]++
			}
		}
		runs = append(runs, calls)
	}
	sort.Slice(runs, func(i, j int) bool { return runs[i].total() < runs[j].total() })
	if n == 0 {
		return runs[0] // for a start: other load on the machine only adds calls of Go's scheduler
	}
	return runs[len(runs)/2]
}

// A start, a thread, a signal and a call make no more system calls than with stock, except for those allowed here. With
// RCGO=stock a start makes none more, and no path makes a call that stock does not make.
func TestSystemCallsAreStocks(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace")
	}
	each(t, func(t *testing.T, tc toolchain) {
		const few, many = 10, 410
		for _, c := range []struct {
			what                    string
			allowed, allowedAsStock float64 // additional calls for each action, or for a start
		}{
			{"starts", 5, 0},
			{"threads", 0.2, 0.1},
			{"go-signals", 0.2, 0.1},
			{"c-signals", 0.2, 0.1},
			{"calls", 0.2, 0.1},
			{"c-threads", 0.2, 0.1},
		} {
			c := c
			t.Run(c.what, func(t *testing.T) {
				times := many
				if c.what == "starts" {
					times = 0
				}
				each := func(v variant) (float64, trace) {
					calls := systemCalls(t, tc, v, c.what, times)
					if times == 0 {
						return float64(calls.total()), calls
					}
					base := systemCalls(t, tc, v, c.what, few)
					return float64(calls.total()-base.total()) / (many - few), calls
				}
				theirs, theirCalls := each(variant{side: stock})
				mine, _ := each(variant{side: ours})
				asIfStock, calls := each(variant{ours, asStock})
				t.Logf("%s: stock %.2f, ours %.2f, ours with %s %.2f", c.what, theirs, mine, asStock, asIfStock)
				if mine > theirs+c.allowed {
					t.Errorf("%s: %.2f system calls, stock %.2f, allowed are %.2f more", c.what, mine, theirs, c.allowed)
				}
				if asIfStock > theirs+c.allowedAsStock {
					t.Errorf("%s: %.2f system calls with %s, stock %.2f", c.what, asIfStock, asStock, theirs)
				}
				for name, n := range calls {
					if theirCalls[name] == 0 {
						t.Errorf("%s: %s is called %d times with %s, never with stock", c.what, name, n, asStock)
					}
				}
			})
		}
	})
}
