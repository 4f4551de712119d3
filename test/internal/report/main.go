// SPDX-License-Identifier: BSD-3-Clause

// Command report reads the output of `go test -json`, shows the progress and each failure, and ends
// with one line: N passed, N failed, N skipped. A test that has subtests counts only by them. The
// whole output of each package is kept in the directory -logs. With -again, a failed test is run again;
// see again.go.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// An event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// A suite is a package with tests.
type suite struct {
	name                    string
	path                    string // of the package
	passed, failed, skipped int
	failures                []string // the names of the failed tests
	running, parents        map[string]bool
	output                  map[string]*strings.Builder // of each test, until it ends
	log                     *os.File
	ended                   bool
	empty                   bool // a package without tests
}

type report struct {
	logs    string
	started time.Time
	suites  map[string]*suite
	order   []*suite
	planned int
}

func main() {
	logs := flag.String("logs", "", "directory for the whole output of each suite")
	every := flag.Duration("every", 20*time.Second, "time between two lines of progress")
	planned := flag.Int("suites", 0, "number of suites that will run; 0: unknown")
	again := flag.Bool("again", false, "run a failed test again")
	flag.Parse()
	r := &report{logs: *logs, started: time.Now(), suites: map[string]*suite{}, planned: *planned}
	events := make(chan event)
	go func() {
		read(os.Stdin, func(e event) { events <- e })
		close(events)
	}()
	tick := time.NewTicker(*every)
	for open := true; open; {
		select {
		case <-tick.C:
			r.progress()
		case e, more := <-events:
			if open = more; more {
				r.take(e)
			}
		}
	}
	if *again {
		r.again()
	}
	os.Exit(r.total())
}

// read calls take for each event of a run of go test.
func read(out io.Reader, take func(event)) {
	in := bufio.NewScanner(out)
	in.Buffer(nil, 64<<20)
	for in.Scan() {
		var e event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			fmt.Println(in.Text()) // from the go command itself
			continue
		}
		take(e)
	}
}

func (r *report) suite(path string) *suite {
	if s := r.suites[path]; s != nil {
		return s
	}
	s := &suite{path: path, running: map[string]bool{}, parents: map[string]bool{}, output: map[string]*strings.Builder{}}
	s.name = strings.TrimPrefix(strings.TrimPrefix(path, "runtime_cgo/test/"), "suites/")
	if r.logs != "" {
		s.log, _ = os.Create(filepath.Join(r.logs, strings.ReplaceAll(s.name, "/", "-")+".log"))
	}
	r.suites[path] = s
	r.order = append(r.order, s)
	return s
}

func (r *report) take(e event) {
	if e.Package == "" {
		return
	}
	s := r.suite(e.Package)
	switch e.Action {
	case "run":
		s.running[e.Test] = true
		for name := e.Test; strings.Contains(name, "/"); {
			name = name[:strings.LastIndexByte(name, '/')]
			s.parents[name] = true
		}
	case "output":
		if s.log != nil {
			s.log.WriteString(e.Output)
		}
		if s.output[e.Test] == nil {
			s.output[e.Test] = &strings.Builder{}
		}
		s.output[e.Test].WriteString(e.Output)
	case "pass", "fail", "skip":
		if e.Test != "" {
			r.testEnded(s, e)
		} else {
			s.empty = e.Action == "skip"
			r.suiteEnded(s, e)
		}
	}
}

func (r *report) testEnded(s *suite, e event) {
	delete(s.running, e.Test)
	text := ""
	if s.output[e.Test] != nil {
		text = s.output[e.Test].String()
	}
	delete(s.output, e.Test)
	switch {
	case s.parents[e.Test] && (e.Action != "fail" || !strings.Contains(text, "_test.go:") && !strings.Contains(text, "suite.go:")):
		// Its subtests count.
	case e.Action == "fail":
		s.failures = append(s.failures, e.Test)
		r.fail(s, "/"+e.Test, text)
	case e.Action == "skip":
		s.skipped++
	default:
		s.passed++
	}
}

// suiteEnded counts a suite that failed without a failed test, as one that did not compile, as one
// failure.
func (r *report) suiteEnded(s *suite, e event) {
	s.ended = true
	if e.Action == "fail" && s.failed == 0 {
		text := ""
		for _, part := range s.output {
			text += part.String()
		}
		r.fail(s, "", text)
	}
	if s.passed+s.failed+s.skipped > 0 {
		fmt.Printf("# %s: %d passed, %d failed, %d skipped in %.0f s\n", s.name, s.passed, s.failed, s.skipped, e.Elapsed)
	}
}

// fail counts and shows a failure.
func (r *report) fail(s *suite, test, text string) {
	s.failed++
	fmt.Printf("not ok %s%s\n%s", s.name, test, indent(text))
}

// indent returns the text as a block: its first and its last lines, where it is long.
func indent(text string) string {
	const limit = 60
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if n := len(lines); n > limit {
		half := limit / 2
		lines = append(append(lines[:half:half], "..."), lines[n-half:]...)
	}
	return "    " + strings.Join(lines, "\n    ") + "\n"
}

// progress says, in one line, how far the run is.
func (r *report) progress() {
	ended, failed, running := 0, 0, []string{}
	for _, s := range r.order {
		failed += s.failed
		switch {
		case s.empty:
		case s.ended:
			ended++
		default:
			running = append(running, fmt.Sprintf("%s %d", s.name, s.passed+s.failed+s.skipped))
		}
	}
	of := ""
	if r.planned > 0 {
		of = fmt.Sprintf(" of %d", r.planned)
	}
	elapsed := time.Since(r.started).Round(time.Second)
	fmt.Printf("# %s: %d%s suites done, %d failures; running: %s\n", elapsed, ended, of, failed, strings.Join(running, ", "))
}

// total prints the sum and returns the exit status.
func (r *report) total() int {
	passed, failed, skipped := 0, 0, 0
	for _, s := range r.order {
		if !s.ended { // its process was killed
			r.fail(s, "", "it did not end")
		}
		passed, failed, skipped = passed+s.passed, failed+s.failed, skipped+s.skipped
	}
	if passed+failed+skipped == 0 {
		fmt.Println("not ok: no test ran")
		failed = 1
	}
	fmt.Printf("%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 {
		return 1
	}
	return 0
}
