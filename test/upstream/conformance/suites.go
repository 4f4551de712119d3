// SPDX-License-Identifier: BSD-3-Clause
// The table of Go's own suites that exercise runtime/cgo, in both of the layouts they have had.
package main

import (
	"os"
	"path/filepath"
	"strings"
)

// kind says how a suite is started.
type kind int

const (
	kindTest kind = iota // go test -json
	kindRun              // go run: a main program whose exit status is the result
	kindVet              // go vet
)

// suite is one row of the table.
type suite struct {
	Name string
	Pkg  string // import path, where GOROOT/src has it
	Old  string // folder below GOROOT/misc/cgo, where GOROOT has that (up to Go 1.20)
	Run  string // -run pattern
	Kind kind
	// Physical is the reason why the overlay does not apply to the suite's builds, so that the
	// drop-in must be in GOROOT itself. It is empty if the overlay applies.
	Physical string
	Short    bool // part of the quick subset

	// Set for rows of the mode matrix only.
	Flags   []string // go test flags
	Env     []string // environment, after everything else
	Dir     string   // a module of ours to run in, instead of Pkg and Old
	Probe   bool     // prove which runtime/cgo is in a program built with these flags
	Missing string   // why the row cannot be run here
}

// The programs of runtime's testprogcgo are started by tests with these words in their names.
const testprogcgoRun = "Cgo|Segv|AbortInCgo|EINTR|NeedmDeadlock|SigStackSwapping|CatchPanic|" +
	"EnsureDropM|EnsureBindM|StackSwitchCallback|DestructorCallback|RaceProf|RaceSignal|" +
	"BigStackCallback"

// Tests of runtime about signals, and about stopping goroutines by them.
const signalsRun = "Signal|SIGPROF|Sigfwd|Segv|LockOSThread|BigStack|AsyncPreempt|Preempt|CrashDump|SigStack"

func internal(name string, s suite) suite {
	s.Name = name
	s.Pkg = "cmd/cgo/internal/" + name
	if s.Old == "" {
		s.Old = name
	}
	return s
}

var allSuites = []suite{
	internal("test", suite{Short: true}),
	internal("testcarchive", suite{}),
	internal("testcshared", suite{}),
	internal("testplugin", suite{}),
	internal("testshared", suite{Physical: "it clones GOROOT"}),
	internal("testsanitizers", suite{}),
	internal("testerrors", suite{Old: "errors"}),
	internal("testso", suite{Short: true}),
	internal("testsovar", suite{Short: true}),
	internal("teststdio", suite{Old: "stdio", Short: true}),
	internal("testtls", suite{Short: true}),
	internal("testlife", suite{Old: "life", Short: true}),
	internal("testnocgo", suite{Old: "nocgo"}),
	internal("testfortran", suite{Old: "fortran"}),
	internal("testgodefs", suite{}),
	internal("testout", suite{}),
	internal("swig", suite{}),
	{Name: "testsigfwd", Old: "testsigfwd", Kind: kindRun},
	{Name: "testasan", Old: "testasan", Kind: kindRun},
	{Name: "runtime/cgo", Pkg: "runtime/cgo", Short: true},
	{Name: "runtime (testprogcgo)", Pkg: "runtime", Run: testprogcgoRun},
	{Name: "syscall", Pkg: "syscall", Run: "Set|AllThreads"},
	{Name: "os/signal", Pkg: "os/signal"},
	{Name: "runtime (signals)", Pkg: "runtime", Run: signalsRun},
	{Name: "os/user", Pkg: "os/user"},
	{Name: "net", Pkg: "net", Run: "Cgo|CGO"},
	{Name: "cmd/link", Pkg: "cmd/link", Run: "Cgo|CGO"},
	{
		Name: "cmd/go scripts", Pkg: "cmd/go", Physical: "its scripts clear GOFLAGS",
		Run: "^TestScript$/^(build_overlay_cgo|cgo_stale|cgo_stale_precompiled|build_static|autocgo)$",
	},
	{Name: "go vet runtime/cgo", Pkg: "runtime/cgo", Kind: kindVet},
}

// locate returns the directory of a GOROOT in which the suite is started, and the package that it
// names there. ok is false if this GOROOT does not have the suite.
func (s *suite) locate(goroot string) (dir, target string, ok bool) {
	if s.Dir != "" {
		return s.Dir, ".", true
	}
	if s.Pkg != "" && hasGoFiles(filepath.Join(goroot, "src", filepath.FromSlash(s.Pkg)), s.Kind) {
		return filepath.Join(goroot, "src"), s.Pkg, true
	}
	if s.Old != "" {
		old := filepath.Join(goroot, "misc", "cgo", s.Old)
		if hasGoFiles(old, s.Kind) {
			return old, ".", true
		}
	}
	return "", "", false
}

func hasGoFiles(dir string, k kind) bool {
	suffix := ".go"
	if k == kindTest {
		suffix = "_test.go"
	}
	names, err := filepath.Glob(filepath.Join(dir, "*"+suffix))
	if err != nil {
		return false
	}
	return len(names) > 0
}

// command returns the arguments of the go command that start the suite. only is a -run pattern that
// replaces the suite's own, to run one test again.
func (s *suite) command(target, only string, timeout string) []string {
	switch s.Kind {
	case kindRun:
		return append(append([]string{"run"}, s.Flags...), target)
	case kindVet:
		return []string{"vet", target}
	}
	args := []string{"test", "-json", "-count=1", "-timeout=" + timeout}
	args = append(args, s.Flags...)
	run := s.Run
	if only != "" {
		run = only
	}
	if run != "" {
		args = append(args, "-run="+run)
	}
	return append(args, target)
}

// fileName is the suite's name as part of a path.
func (s *suite) fileName() string {
	return strings.NewReplacer("/", "_", " ", "_", "(", "", ")", "", ",", "", ":", "").Replace(s.Name)
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
