// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
)

// A tree is the checkout that the checks look at.
type tree struct {
	root    string
	files   []string
	mu      sync.Mutex // of the two below
	sources map[string]*csource
	roots   []gorootInfo
	making  sync.Mutex
}

func (t *tree) path(rel string) string { return filepath.Join(t.root, filepath.FromSlash(rel)) }

func (t *tree) has(rel string) bool {
	_, err := os.Stat(t.path(rel))
	return err == nil
}

func (t *tree) read(rel string) string {
	data, _ := os.ReadFile(t.path(rel))
	return string(data)
}

// glob gives the paths from the root that match a pattern from the root.
func (t *tree) glob(patterns ...string) []string {
	var out []string
	for _, p := range patterns {
		found, _ := filepath.Glob(t.path(p))
		for _, f := range found {
			rel, _ := filepath.Rel(t.root, f)
			out = append(out, filepath.ToSlash(rel))
		}
	}
	sort.Strings(out)
	return out
}

// source parses a C file once.
func (t *tree) source(rel string) *csource {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.sources[rel] == nil {
		t.sources[rel] = parseC(t.root, rel)
	}
	return t.sources[rel]
}

// srcC gives the C files of backtrace/ and runtime/, srcH their headers, srcS their assembly.
func (t *tree) srcC() []string { return t.glob("backtrace/*/*.c", "runtime/*/*.c") }
func (t *tree) srcH() []string { return t.glob("backtrace/*/*.h", "runtime/*/*.h") }
func (t *tree) srcS() []string { return t.glob("runtime/*/*.S", "runtime/*/*.s") }

func (t *tree) parse(paths []string) []*csource {
	var out []*csource
	for _, p := range paths {
		out = append(out, t.source(p))
	}
	return out
}

// tracked gives the files of the tree that git knows or would add; a tree without git (a test's
// copy) gives all its files but what a build made.
func (t *tree) tracked() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.files == nil {
		list := exec.Command("git", "ls-files", "--cached", "--others", "--exclude-standard")
		if !t.has(".git") {
			list = exec.Command("find", ".", "-path", "./build", "-prune", "-o", "-path", "./.path", "-prune", "-o", "-type", "f", "-printf", "%P\n")
		}
		list.Dir = t.root
		out, _ := list.Output()
		for _, name := range strings.Split(strings.TrimSpace(string(out)), "\n") {
			if t.has(name) {
				t.files = append(t.files, name)
			}
		}
	}
	return t.files
}

// needs reports the programs that are missing, each with the package that has it.
func needs(c *check, tools ...string) bool {
	all := true
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			all = false
			c.bad("", 0, "%s is not installed; install it with: apt-get install %s", tool, packageOf(tool))
		}
	}
	return all
}

var packages = map[string]string{"go": "golang-go", "nm": "binutils", "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
	"x86_64-linux-gnu-gcc": "gcc-x86-64-linux-gnu"}

func packageOf(tool string) string {
	if name := packages[tool]; name != "" {
		return name
	}
	return tool
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}
