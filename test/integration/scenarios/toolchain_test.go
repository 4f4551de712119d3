// SPDX-License-Identifier: BSD-3-Clause
// Scenarios: real Go programs, built by rcgo and, where that is informative, also by the stock go command, and run. The
// programs are in testdata; these tests know what they must do.
package scenarios

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"runtime_cgo/test/internal/suite"
)

var (
	allGo    = flag.Bool("all", false, "every Go under $RCGO_TOOLCHAINS too, not only the one in PATH")
	rcgoPath = flag.String("rcgo", "../../../bin/rcgo", "the rcgo command")
)

// withHeavy reports whether the builds are made too for which much is compiled that nothing else uses.
func withHeavy() bool { return *allGo || suite.More() }

// A toolchain is one GOROOT.
type toolchain struct {
	root  string
	name  string // go1.26
	minor int    // 26
}

var (
	toolchainsOnce sync.Once
	toolchainsList []toolchain
	toolchainsErr  error
)

// toolchains returns the Go in PATH and, with -all, those in $RCGO_TOOLCHAINS: a list of GOROOTs, or of directories
// that contain some.
func toolchains(t *testing.T) []toolchain {
	toolchainsOnce.Do(func() {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			toolchainsErr = fmt.Errorf("go env GOROOT: %v", err)
			return
		}
		roots := []string{strings.TrimSpace(string(out))}
		if *allGo {
			for _, word := range strings.FieldsFunc(os.Getenv("RCGO_TOOLCHAINS"), func(r rune) bool {
				return r == ' ' || r == ':' || r == '\n'
			}) {
				below, _ := filepath.Glob(filepath.Join(word, "go1.*"))
				roots = append(append(roots, word), below...)
			}
		}
		seen := map[string]bool{}
		for _, root := range roots {
			tc, err := inspect(root)
			if err == nil && !seen[tc.name] {
				seen[tc.name] = true
				toolchainsList = append(toolchainsList, tc)
			}
		}
		if len(toolchainsList) == 0 {
			toolchainsErr = fmt.Errorf("no usable Go among %q", roots)
		}
	})
	if toolchainsErr != nil {
		t.Fatal(toolchainsErr)
	}
	return toolchainsList
}

func inspect(root string) (toolchain, error) {
	cmd := exec.Command(filepath.Join(root, "bin", "go"), "env", "GOVERSION")
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local")
	out, err := cmd.Output()
	if err != nil {
		return toolchain{}, err
	}
	words := strings.Split(strings.TrimSpace(string(out)), ".")
	if len(words) < 2 {
		return toolchain{}, fmt.Errorf("%s: GOVERSION %q", root, out)
	}
	digits := words[1]
	for i, r := range digits {
		if r < '0' || r > '9' {
			digits = digits[:i]
			break
		}
	}
	minor, err := strconv.Atoi(digits)
	return toolchain{root: root, name: words[0] + "." + digits, minor: minor}, err
}

// each runs test for every toolchain, in parallel with all other tests.
func each(t *testing.T, test func(t *testing.T, tc toolchain)) {
	t.Parallel()
	for _, tc := range toolchains(t) {
		tc := tc
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			test(t, tc)
		})
	}
}

// need fails the test if a command is missing, and names the Debian package that has it.
func need(t *testing.T, command, pkg string) {
	t.Helper()
	if _, err := exec.LookPath(command); err != nil {
		t.Fatalf("%s is missing: install the package %s (tools/deps check)", command, pkg)
	}
}

// environ is the environment of the go commands and of the programs: without settings of the machine's owner that could
// change results.
func environ(tc toolchain, extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		name := strings.SplitN(kv, "=", 2)[0]
		keep := !strings.HasPrefix(name, "GO") && !strings.HasPrefix(name, "CGO_") && name != "PATH" &&
			name != "CC" && name != "CXX"
		if name == "GOCACHE" || name == "GOPATH" || name == "GOTMPDIR" {
			keep = true
		}
		if keep {
			env = append(env, kv)
		}
	}
	bin := filepath.Join(tc.root, "bin")
	env = append(env, "GOTOOLCHAIN=local", "GOENV=off", "GOWORK=off", "CGO_ENABLED=1",
		"RCGO_GO="+filepath.Join(bin, "go"),
		"PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
	return append(env, extra...)
}

// isRoot reports whether tests that need root's rights can run.
func isRoot() bool { return os.Geteuid() == 0 }

// slots limits the number of simultaneous builds to that of the CPUs.
var slots = make(chan struct{}, runtime.NumCPU())
