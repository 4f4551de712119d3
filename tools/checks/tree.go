// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A tree is the checkout that the checks look at, and what they have said about it.
type tree struct {
	root    string
	sources map[string]*csource
	files   []string
	roots   []gorootInfo
	failed  bool
}

// A finding is one thing that is wrong. line is 0 when it is about a whole file, file is "" when
// it is about the tree.
type finding struct {
	file string
	line int
	text string
}

// A check gathers the findings of one invariant and prints its verdict.
type check struct {
	name string
	list []finding
	seen map[finding]bool
	skip string // why there is no verdict here
}

func newCheck(name string) *check {
	return &check{name: name, seen: map[finding]bool{}}
}

func (c *check) bad(file string, line int, format string, args ...interface{}) {
	f := finding{file, line, fmt.Sprintf(format, args...)}
	if !c.seen[f] {
		c.seen[f] = true
		c.list = append(c.list, f)
	}
}

// end prints the verdict of a check.
func (t *tree) end(c *check) {
	if len(c.list) == 0 && c.skip != "" {
		fmt.Printf("skip %s: %s\n", c.name, c.skip)
		return
	}
	if len(c.list) == 0 {
		fmt.Println("ok", c.name)
		return
	}
	t.failed = true
	fmt.Println("not ok", c.name)
	sort.SliceStable(c.list, func(i, j int) bool {
		a, b := c.list[i], c.list[j]
		if a.file != b.file {
			return a.file < b.file
		}
		return a.line < b.line
	})
	for _, f := range c.list {
		text := strings.ReplaceAll(strings.TrimRight(f.text, "\n"), "\n", "\n#   ")
		switch {
		case f.file == "":
			fmt.Printf("# %s\n", text)
		case f.line == 0:
			fmt.Printf("# %s: %s\n", f.file, text)
		default:
			fmt.Printf("# %s:%d: %s\n", f.file, f.line, text)
		}
	}
}

func (t *tree) exitStatus() int {
	if t.failed {
		return 1
	}
	return 0
}

func (t *tree) path(rel string) string {
	if filepath.IsAbs(rel) { // of the payload
		return rel
	}
	return filepath.Join(t.root, filepath.FromSlash(rel))
}

func (t *tree) has(rel string) bool {
	_, err := os.Stat(t.path(rel))
	return err == nil
}

func (t *tree) read(rel string) string {
	data, err := os.ReadFile(t.path(rel))
	if err != nil {
		return ""
	}
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
	if s := t.sources[rel]; s != nil {
		return s
	}
	s, err := parseC(t.root, rel)
	if err != nil {
		s = &csource{path: rel, base: filepath.Base(rel)}
	}
	t.sources[rel] = s
	return s
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
	if t.files == nil {
		t.files = t.listFiles()
	}
	return t.files
}

func (t *tree) listFiles() []string {
	var out []string
	if t.has(".git") {
		cmd := exec.Command("git", "-C", t.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
		data, err := cmd.Output()
		if err == nil {
			for _, name := range strings.Split(string(data), "\x00") {
				if name != "" && t.has(name) {
					out = append(out, name)
				}
			}
			return out
		}
	}
	filepath.Walk(t.root, func(path string, info os.FileInfo, err error) error {
		rel, _ := filepath.Rel(t.root, path)
		if err != nil || info.IsDir() {
			if rel == "build" || rel == "bin" || rel == ".git" {
				return filepath.SkipDir
			}
			return nil
		}
		out = append(out, filepath.ToSlash(rel))
		return nil
	})
	return out
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

func packageOf(tool string) string {
	switch tool {
	case "go":
		return "golang-go"
	case "aarch64-linux-gnu-gcc":
		return "gcc-aarch64-linux-gnu"
	case "x86_64-linux-gnu-gcc":
		return "gcc-x86-64-linux-gnu"
	case "nm":
		return "binutils"
	}
	return tool
}
