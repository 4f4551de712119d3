// SPDX-License-Identifier: BSD-3-Clause

// Package suite runs programs that report by the Test Anything Protocol (TAP) as Go tests.
package suite

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// Root returns the top directory of the checkout. It ends the test if there is none.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for ; !isRoot(dir); dir = filepath.Dir(dir) {
		if dir == filepath.Dir(dir) {
			t.Fatal("the working directory is not in a checkout of runtime_cgo")
		}
	}
	return dir
}

func isRoot(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, "runtime", "abi", "symbols.txt"))
	return err == nil
}

// More reports whether the tests run too for which ./check has no time: see make test-more.
func More() bool { return os.Getenv("RCGO_TEST_MORE") == "1" }

// Command returns a command that runs at the top of the checkout, with the variables of env
// ("NAME=value") added to the environment.
func Command(t testing.TB, env []string, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Dir = Root(t)
	cmd.Env = append(os.Environ(), env...)
	return cmd
}

// A result is one line of TAP and the text that follows it.
type result struct {
	name    string
	ok      bool
	skipped bool
	reason  string
	text    bytes.Buffer
}

var (
	resultLine = regexp.MustCompile(`^(not ok|ok)\b(?: +\d+)?(?: +-)? *(.*)$`)
	skipMark   = regexp.MustCompile(`(?i)^(.*?) *# *skip\w*:? *(.*)$`)
	planLine   = regexp.MustCompile(`^1\.\.(\d+)`)
)

func parse(line string) *result {
	m := resultLine.FindStringSubmatch(line)
	if m == nil {
		return nil
	}
	r := &result{name: m[2], ok: m[1] == "ok"}
	if skip := skipMark.FindStringSubmatch(m[2]); skip != nil {
		r.name, r.reason, r.skipped = skip[1], skip[2], true
	} else if i := strings.Index(r.name, " # "); i >= 0 {
		r.text.WriteString(r.name[i+3:] + "\n")
		r.name = r.name[:i]
	}
	return r
}

// A TAP reader turns the results of a program into subtests.
type TAP struct {
	// Skipped returns the name and the reason of a skipped test, from its line and the text before
	// it. If it is nil, TAP's own form holds: ok NAME # SKIP REASON.
	Skipped func(name, reason, before string) (string, string)

	// TextBefore means that what a test prints comes before its result.
	TextBefore bool

	results int
	failed  int
	planned int
	before  string // the text before the current result
}

// Run runs cmd and reports each of its results as a subtest of t while the program runs. The test
// fails if the program ends with an error, gives no result, or gives fewer than it has planned.
func (tap *TAP) Run(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	out, write := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(cmd, write, silenceLimit)
		write.Close()
		ended <- err
	}()
	last := tap.read(t, out)
	err := <-ended
	switch {
	case tap.results == 0:
		t.Errorf("no results (%v)\n%s", err, last)
	case tap.results < tap.planned:
		t.Errorf("%d results of %d (%v)\n%s", tap.results, tap.planned, err, last)
	case err != nil && tap.failed == 0:
		t.Errorf("%v\n%s", err, last)
	}
}

// read reports all results and returns the text after the last one.
func (tap *TAP) read(t *testing.T, out io.Reader) string {
	var current *result
	var rest bytes.Buffer
	scan := bufio.NewScanner(out)
	scan.Buffer(nil, 16<<20)
	for scan.Scan() {
		line := scan.Text()
		if m := planLine.FindStringSubmatch(line); m != nil {
			n, _ := strconv.Atoi(m[1])
			tap.planned += n
		} else if next := parse(line); next != nil {
			tap.report(t, current)
			tap.before, current = rest.String(), next
			rest.Reset()
		} else {
			fmt.Fprintln(&rest, strings.TrimPrefix(line, "# "))
			if current != nil {
				fmt.Fprintln(&current.text, strings.TrimPrefix(line, "# "))
			}
		}
	}
	tap.report(t, current)
	return rest.String()
}

func (tap *TAP) report(t *testing.T, r *result) {
	if r == nil {
		return
	}
	tap.results++
	if r.skipped && tap.Skipped != nil {
		r.name, r.reason = tap.Skipped(r.name, r.reason, tap.before)
	}
	if !r.ok && !r.skipped {
		tap.failed++
	}
	text := r.text.String()
	if tap.TextBefore {
		text = tap.before
	}
	t.Run(r.name, func(t *testing.T) {
		switch {
		case r.skipped:
			t.Skip(r.reason)
		case !r.ok:
			t.Errorf("%s", text)
		}
	})
}
