// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os/exec"
	"regexp"
	"strings"
)

// Some tests race with the kernel's scheduler, and one of thousands may fail on a machine that is short of processors.
// A failed test is run twice more, alone. If it passes both times it counts as passed and is named as flaky: its first
// failure stays in the output. Many failures are no accident: then none is run again.
const (
	mostAgain = 5
	runsAgain = 2
)

// again runs the failed tests again and prints what came of it.
func (r *report) again() {
	all := 0
	for _, s := range r.order {
		if !s.ended || s.failed != len(s.failures) {
			return // a whole suite failed: its tests have no results
		}
		all += s.failed
	}
	if all > mostAgain {
		fmt.Printf("# %d failures: too many to run them again\n", all)
		return
	}
	for _, s := range r.order {
		for _, test := range s.failures {
			if passesAlone(s.path, test) {
				s.failed--
				s.passed++
				fmt.Printf("# flaky: %s/%s failed once and passed %d times alone\n", s.name, test, runsAgain)
			}
		}
	}
}

// passesAlone runs one test, and nothing else, runsAgain times.
func passesAlone(pkg, test string) bool {
	for i := 0; i < runsAgain; i++ {
		fmt.Printf("# again, alone: %s %s\n", pkg, test)
		cmd := exec.Command("go", "test", "-json", "-count=1", "-parallel=1", "-timeout=10m", "-run="+pattern(test), pkg)
		out, err := cmd.StdoutPipe()
		if err != nil || cmd.Start() != nil {
			return false
		}
		passed := false
		read(out, func(e event) { passed = passed || e.Test == test && e.Action == "pass" })
		if cmd.Wait() != nil || !passed {
			return false
		}
	}
	return true
}

// pattern returns the pattern of go test's -run that selects exactly one test.
func pattern(test string) string {
	parts := strings.Split(test, "/")
	for i, part := range parts {
		parts[i] = "^" + regexp.QuoteMeta(part) + "$"
	}
	return strings.Join(parts, "/")
}
