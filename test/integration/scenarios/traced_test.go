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

// traced traces one run of testdata/traced.
func traced(t *testing.T, tc toolchain, v variant, what string, n int) trace {
	t.Helper()
	program := build{program: "traced", side: v.side, flags: linkExternal}.must(t, tc)
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
	return calls
}

// perAction returns the system calls that each of many actions makes, and those of the run. Of three runs, the one with the
// median number counts.
func perAction(t *testing.T, tc toolchain, v variant, what string) (float64, trace) {
	t.Helper()
	const few, many = 10, 410
	median := func(n int) trace {
		var runs []trace
		for i := 0; i < 3; i++ {
			runs = append(runs, traced(t, tc, v, what, n))
		}
		sort.Slice(runs, func(i, j int) bool { return runs[i].total() < runs[j].total() })
		return runs[len(runs)/2]
	}
	calls := median(many)
	return float64(calls.total()-median(few).total()) / (many - few), calls
}

// A crew is what Go's scheduler decides in a start: how many threads are created, and how many of their signal stacks are
// set before the program ends. Each is more system calls than what is looked for.
type crew struct{ threads, stacks int }

// starts traces starts of each variant until all have had the same crew in at least two runs, and returns of these runs the
// one with the fewest system calls: other load on the machine only adds calls.
func starts(t *testing.T, tc toolchain, variants ...variant) []trace {
	t.Helper()
	const runs, limit = 2, 60
	seen := make([]map[crew]int, len(variants)) // how often
	fewest := make([]map[crew]trace, len(variants))
	for i := range variants {
		seen[i], fewest[i] = map[crew]int{}, map[crew]trace{}
	}
	for n := 0; n < limit; n++ {
		for i, v := range variants {
			calls := traced(t, tc, v, "starts", 0)
			c := crew{calls["clone"] + calls["clone3"], calls["sigaltstack"]}
			if seen[i][c]++; seen[i][c] == 1 || calls.total() < fewest[i][c].total() {
				fewest[i][c] = calls
			}
		}
		for c := range seen[0] {
			var best []trace
			for i := range variants {
				if seen[i][c] >= runs {
					best = append(best, fewest[i][c])
				}
			}
			if len(best) == len(variants) {
				t.Logf("%+v, after %d starts", c, n+1)
				return best
			}
		}
	}
	t.Fatalf("no crew is common to all variants: %+v", seen)
	return nil
}

// A start, a thread, a signal and a call make no more system calls than with stock, except for those allowed here; a thread
// of C makes one less. With
// RCGO=stock a start makes none more, and no path makes a call that stock does not make.
func TestSystemCallsAreStocks(t *testing.T) {
	if _, err := exec.LookPath("strace"); err != nil {
		t.Skip("no strace")
	}
	each(t, func(t *testing.T, tc toolchain) {
		variants := []variant{{side: stock}, {side: ours}, {ours, asStock}}
		for _, c := range []struct {
			what                    string
			allowed, allowedAsStock float64 // additional calls for each action, or for a start
		}{
			{"starts", 5, 0},
			{"threads", 0.2, 0.1},
			{"go-signals", 0.2, 0.1},
			{"c-signals", 0.2, 0.1},
			{"calls", 0.2, 0.1},
			{"c-threads", -0.5, 0.1}, // no sched_getaffinity
		} {
			c := c
			t.Run(c.what, func(t *testing.T) {
				var number [3]float64
				var calls [3]trace
				if c.what == "starts" {
					copy(calls[:], starts(t, tc, variants...))
					for i := range calls {
						number[i] = float64(calls[i].total())
					}
				} else {
					for i, v := range variants {
						number[i], calls[i] = perAction(t, tc, v, c.what)
					}
				}
				theirs, mine, asIfStock := number[0], number[1], number[2]
				t.Logf("%s: stock %.2f, ours %.2f, ours with %s %.2f", c.what, theirs, mine, asStock, asIfStock)
				if mine > theirs+c.allowed {
					t.Errorf("%.2f system calls, stock %.2f, allowed are %.2f more; stock: %v, ours: %v",
						mine, theirs, c.allowed, calls[0], calls[1])
				}
				if asIfStock > theirs+c.allowedAsStock {
					t.Errorf("%.2f system calls with %s, stock %.2f; stock: %v, ours: %v",
						asIfStock, asStock, theirs, calls[0], calls[2])
				}
				for name, n := range calls[2] {
					if calls[0][name] == 0 {
						t.Errorf("%s is called %d times with %s, never with stock", name, n, asStock)
					}
				}
			})
		}
	})
}
