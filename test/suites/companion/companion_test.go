// SPDX-License-Identifier: BSD-3-Clause

// Package companion tests the Go module in go/: with every Go that tools/toolchains finds, with our
// runtime/cgo, on other CPUs in an emulator, and with each build mode that finds errors. A subtest is a build
// mode, and in it a package.
package companion

import (
	"bytes"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runtime_cgo/test/internal/suite"
)

var (
	long       = flag.Bool("long", false, "without -short; RCGO_SOAK=10m sets the length of the stress tests")
	everywhere = flag.Bool("sanitizers", false, "only the race detector with the checks of pointers and of cgo's rules, and AddressSanitizer, on every Go")
)

// A way is one way to build and run the tests of the module.
type way struct {
	name    string
	root    string // the GOROOT
	command string // instead of its go command
	env     []string
	flags   []string
	needs   []string // commands; without one of them the way is skipped
	only    string   // packages; "" is all
}

func TestModule(t *testing.T) {
	roots := toolchains(t)
	newest := roots[len(roots)-1]
	var ways []way
	if *everywhere {
		for _, root := range roots {
			ways = append(ways, sanitizers(t, root, version(t, root)+"/")...)
		}
	} else {
		for _, root := range roots {
			ways = append(ways, way{name: version(t, root), root: root})
		}
		ways = append(ways, usual(t, newest)...)
		ways = append(ways, sanitizers(t, newest, "")...)
	}
	for _, w := range ways {
		w := w
		t.Run(w.name, w.run)
	}
}

func usual(t *testing.T, root string) []way {
	rcgo := filepath.Join(suite.Root(t), "bin/rcgo")
	ours := func(name string, env []string, flags ...string) way {
		return way{name: name, root: root, command: rcgo, env: append(env, "RCGO_GO="+root+"/bin/go"), flags: flags}
	}
	ways := []way{
		ours("dropin", nil),
		heapWay(ours, "cheap"), heapWay(ours, "ctest"),
		ours("counted", []string{"RCGO=stats=on"}, "-run", "Threads|Metrics"),
		{name: "checked", env: []string{"RCGO=leafcheck=off"},
			flags: []string{"-tags=rcgo_leafcheck", "-run", "Results|Errno|Refusals|InCallback|CheckedCallbacks"}},
		assembly(emulated("arm64", "aarch64")),
		{name: "without-c", env: []string{"CGO_ENABLED=0"}},
	}
	if suite.More() {
		ways = append(ways, heapEmulated(ours))
		ways = append(ways, others()...)
	}
	for i := range ways {
		ways[i].root = root
	}
	return ways
}

// assembly tests the packages that have files of one CPU; make test-more tests all of them in the emulator.
func assembly(w way) way {
	if !suite.More() {
		w.only = "./leaf/... ./internal/... ./handle ./call ./cmem/..."
	}
	return w
}

// others are ways for each of which the standard library is compiled: position-independent, and for CPUs that only the Go
// module supports.
func others() []way {
	ways := []way{
		{name: "pie", flags: []string{"-buildmode=pie"}},
		emulated("riscv64", "riscv64", "-run", "Results|Errno|Refusals|Strings|Structs|Marks|Views|Owned|StringEdges"),
	}
	for _, cpu := range []string{"386", "riscv64"} { // compiled only
		ways = append(ways, way{name: "without-c-" + cpu, env: []string{"GOARCH=" + cpu, "CGO_ENABLED=0"}, flags: []string{"-exec", "true"}})
	}
	return ways
}

// heapWay tests a package that needs heap profiling.
func heapWay(ours func(string, []string, ...string) way, name string) way {
	w := ours("heap-"+name, nil, "--with=heap")
	w.only = "./" + name + "/"
	return w
}

// heapEmulated tests heap profiling on arm64. qemu sometimes hangs in a program with threads that forks, with any runtime/cgo.
func heapEmulated(ours func(string, []string, ...string) way) way {
	w := heapWay(ours, "cheap")
	e := emulated("arm64", "aarch64", "-skip", "ForksInStress")
	w.name, w.needs = "heap-cheap-arm64", e.needs
	w.env, w.flags = append(w.env, e.env...), append(w.flags, e.flags...)
	return w
}

// emulated tests on another CPU, given by the names that Go and GNU have for it.
func emulated(cpu, machine string, flags ...string) way {
	emulator := "qemu-" + machine + " -L /usr/" + machine + "-linux-gnu"
	cc := machine + "-linux-gnu-gcc"
	return way{
		name:  cpu,
		env:   []string{"GOARCH=" + cpu, "CGO_ENABLED=1", "CC=" + cc, "RCGO_TEST_EXEC=" + emulator},
		flags: append([]string{"-exec", emulator}, flags...),
		needs: []string{cc, "qemu-" + machine},
	}
}

// sanitizers are the builds that find errors. The race detector's checks pointers too, as -d=checkptr; they come with the full
// check of cgo's rules, since each set of flags compiles the whole standard library.
func sanitizers(t *testing.T, root, prefix string) []way {
	race := way{name: "race-cgocheck2", flags: []string{"-race"}, env: []string{"GOEXPERIMENT=cgocheck2"}}
	if regexp.MustCompile(`^go1\.(19|20)\b`).MatchString(version(t, root)) {
		race.env = []string{"GODEBUG=cgocheck=2"}
	}
	ways := []way{
		race,
		{name: "asan", env: []string{"CC=gcc", "ASAN_OPTIONS=detect_leaks=0"}, flags: []string{"-asan"}},
	}
	for i := range ways {
		ways[i].root, ways[i].name = root, prefix+ways[i].name
	}
	return ways
}

var packageLine = regexp.MustCompile(`(?m)^(ok|FAIL|---.FAIL:?)\s+(\S+/\S+)`)

func (w way) run(t *testing.T) {
	for _, program := range w.needs {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("needs %s", strings.Join(w.needs, " and "))
		}
	}
	command := w.command
	if command == "" {
		command = w.root + "/bin/go"
	}
	// The style check runs go vet.
	argv := []string{"test", "-count=1", "-timeout=10m", "-vet=off"}
	if *long {
		argv[2] = "-timeout=60m"
	} else {
		argv = append(argv, "-short")
	}
	// The pprof of TestProfile is the go command of PATH.
	env := append([]string{"PATH=" + w.root + "/bin:" + os.Getenv("PATH"), "GOTOOLCHAIN=local", "GOENV=off", "GOWORK=off",
		"GOFLAGS=-buildvcs=false", "GOROOT="}, w.env...)
	packages := []string{"./..."}
	if w.only != "" {
		packages = strings.Fields(w.only)
	}
	cmd := suite.Command(t, env, command, append(append(argv, w.flags...), packages...)...)
	cmd.Dir = filepath.Join(cmd.Dir, "go")
	out, err := suite.Output(cmd)
	results := packageLine.FindAllSubmatch(out, -1)
	failed := false
	for _, m := range results {
		bad := !bytes.Equal(m[1], []byte("ok"))
		failed = failed || bad
		t.Run(string(m[2]), func(t *testing.T) {
			if bad {
				t.Errorf("%s", out)
			}
		})
	}
	if len(results) == 0 || err != nil && !failed {
		t.Errorf("%v\n%s", err, out)
	}
}

// toolchains returns the GOROOT of each Go minor version at hand, the newest last.
func toolchains(t *testing.T) []string {
	out, err := suite.Command(t, nil, "tools/toolchains", "list", "--minor").Output()
	roots := strings.Fields(string(out))
	if err != nil || len(roots) == 0 {
		t.Fatalf("tools/toolchains list --minor: %v, %q", err, out)
	}
	return roots
}

func version(t *testing.T, root string) string {
	out, err := exec.Command(root+"/bin/go", "env", "GOVERSION").Output()
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(out))
}
