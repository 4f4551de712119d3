// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// pprofStacks returns the stacks of a profile, one per line, innermost function first.
func pprofStacks(t *testing.T, tc toolchain, exe, profile string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(tc.root, "bin", "go"), "tool", "pprof", "-traces", exe, profile)
	cmd.Env = environ(tc, "PPROF_TMPDIR="+t.TempDir())
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("go tool pprof: %v", err)
	}
	var stacks strings.Builder
	for _, line := range lines(string(out)) {
		words := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, "---"):
			stacks.WriteByte('\n')
		case len(words) > 1 && strings.HasSuffix(words[0], "s") && words[0][0] <= '9':
			stacks.WriteString(words[1] + " ") // after its time
		case len(words) > 0:
			stacks.WriteString(words[0] + " ")
		}
	}
	return stacks.String()
}

// Libraries that are mapped at each other's address: samples have the names of the library that was mapped then,
// although Go asks for them after it is gone.
func TestFramesUnloads(t *testing.T) {
	library := func(t *testing.T, tc toolchain, which string) string {
		return host(t, tc, "cc", "unloaded", "-fPIC", "-shared", "-DINNER=inner_"+which, "-DOUTER=outer_"+which)
	}
	wrong := regexp.MustCompile(`(inner|outer)_a.*\.inB|(inner|outer)_b.*\.inA|unloaded\+0x`)
	each(t, func(t *testing.T, tc toolchain) {
		exe := build{program: "dlclose", side: ours}.must(t, tc)
		file := filepath.Join(t.TempDir(), "cpu")
		o := run(t, tc, nil, nil, exe, "3", file, library(t, tc, "a"), library(t, tc, "b"))
		o.want(t, 0, "true replaced")
		stacks := pprofStacks(t, tc, exe, file)
		for _, want := range []string{"inner_a outer_a turn", "inner_b outer_b turn"} {
			if !strings.Contains(stacks, want) {
				t.Errorf("no stack has %s:\n%s", want, stacks)
			}
		}
		if bad := wrong.FindString(stacks); bad != "" {
			t.Errorf("wrong names: %s\n%s", bad, stacks)
		}
	})
}
