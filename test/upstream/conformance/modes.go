// SPDX-License-Identifier: BSD-3-Clause
// The matrix of build modes: Go's own cgo test and our programs, linked in every way, by gcc and by clang.
package main

import (
	"embed"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

//go:embed progs
var progs embed.FS

// mode is one way to build.
type mode struct {
	Name  string
	Flags []string
	// Deep says that Go's own cgo test runs in this mode under clang too; the code of runtime/cgo
	// is the same in the others, for which our program suffices.
	Deep  bool
	Clang bool // clang only
}

var modes = []mode{
	{Name: "exe", Deep: true},
	{Name: "pie", Flags: []string{"-buildmode=pie"}},
	{Name: "internal", Flags: []string{"-ldflags=-linkmode=internal", "-tags=internal"}},
	{Name: "internal-pie", Flags: []string{
		"-buildmode=pie", "-ldflags=-linkmode=internal", "-tags=internal,internal_pie",
	}},
	{Name: "external", Flags: []string{"-ldflags=-linkmode=external"}},
	{Name: "static", Flags: []string{
		`-ldflags=-linkmode=external -extldflags "-static -pthread"`, "-tags=static",
	}},
	{Name: "race", Flags: []string{"-race"}, Deep: true},
	{Name: "asan", Flags: []string{"-asan"}, Deep: true},
	{Name: "msan", Flags: []string{"-msan"}, Deep: true, Clang: true},
}

// modeSuites unpacks our programs below home and returns the rows of the matrix for the
// machine's compilers.
func modeSuites(home string) ([]suite, error) {
	root := filepath.Join(home, "progs")
	if err := os.RemoveAll(root); err != nil {
		return nil, err
	}
	if err := unpack(root); err != nil {
		return nil, err
	}
	var out []suite
	for _, cc := range []string{"gcc", "clang"} {
		if _, err := exec.LookPath(cc); err != nil {
			out = append(out, suite{Name: "all modes, " + cc, Missing: cc + " is not installed"})
			continue
		}
		env := []string{"CC=" + cc, "CGO_ENABLED=1"}
		for _, m := range modes {
			if m.Clang && cc != "clang" {
				continue
			}
			name := m.Name + ", " + cc
			if m.Deep || cc == "gcc" {
				out = append(out, internal("test", suite{Flags: m.Flags, Env: env}))
				out[len(out)-1].Name = name + ": cmd/cgo/internal/test"
			}
			out = append(out, suite{
				Name: name + ": our program", Dir: filepath.Join(root, "prog"), Flags: m.Flags, Env: env,
				Probe: true,
			})
		}
		out = append(out, suite{
			Name: "c-archive, c-shared, plugin, " + cc + ": our artifacts",
			Dir:  filepath.Join(root, "artifacts"), Env: env,
		})
	}
	return out, nil
}

// unpack writes the embedded programs as separate modules.
func unpack(root string) error {
	return fs.WalkDir(progs, "progs", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(root, filepath.FromSlash(strings.TrimPrefix(path, "progs")))
		if d.IsDir() {
			if err := os.MkdirAll(to, 0o777); err != nil {
				return err
			}
			if filepath.Dir(path) != "progs" {
				return nil
			}
			mod := "module " + d.Name() + "\n\ngo 1.19\n"
			return os.WriteFile(filepath.Join(to, "go.mod"), []byte(mod), 0o666)
		}
		raw, err := progs.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, raw, 0o666)
	})
}

// withCgoRuntime tells our programs which runtime/cgo must be inside the programs that they build:
// "ours" or "stock".
func withCgoRuntime(sd *side, runtime string) *side {
	if sd == nil {
		return nil
	}
	out := *sd
	out.Env = append(append([]string(nil), sd.Env...), "CONFORMANCE_RUNTIME="+runtime)
	return &out
}

// probeBoth proves that a program built like those of the row contains the runtime/cgo of its side.
// A mode that this machine cannot build on either side is no difference.
func (r *row) probeBoth(s *suite, stock, dropin *side) {
	a, why := probeOutcome(stock, s, false)
	b, whyDropin := probeOutcome(dropin, s, true)
	if a == b && a != otherRuntime {
		if a != expectedRuntime {
			r.Note = a + ": " + why
		}
		return
	}
	if whyDropin != "" {
		why = whyDropin
	}
	r.Diffs = append(r.Diffs, difference{
		Test: "(probe)", Stock: []string{a}, Dropin: []string{b}, Logs: []string{why},
	})
}

const (
	expectedRuntime = "contains the expected runtime/cgo"
	otherRuntime    = "contains the other runtime/cgo"
)

func probeOutcome(sd *side, s *suite, wantOurs bool) (outcome, why string) {
	ours, stocks, out, err := probe(sd, s.Flags, s.Env)
	switch {
	case err != nil:
		why = strings.TrimSpace(string(out))
		if i := strings.LastIndex(why, "\n"); i >= 0 {
			why = why[i+1:]
		}
		return "no such program here", why + " (" + err.Error() + ")"
	case isWanted(ours, stocks, wantOurs):
		return expectedRuntime, ""
	}
	return otherRuntime, ""
}
