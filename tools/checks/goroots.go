// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A gorootInfo is a Go distribution with sources.
type gorootInfo struct {
	dir   string
	minor int
}

// goroots gives every GOROOT at hand, oldest first: those under $RCGO_TOOLCHAINS, those that
// tools/toolchains lists, and the one of the go command in PATH, of which there must be one.
func goroots(t *tree, c *check) []gorootInfo {
	if len(t.roots) == 0 {
		t.roots = findGoroots(t, c)
	}
	return t.roots
}

func findGoroots(t *tree, c *check) []gorootInfo {
	var dirs []string
	if base := os.Getenv("RCGO_TOOLCHAINS"); base != "" {
		found, _ := filepath.Glob(filepath.Join(base, "go1.*"))
		dirs = append(dirs, found...)
	}
	if t.has("tools/toolchains") {
		out, _ := exec.Command(t.path("tools/toolchains"), "list").Output()
		dirs = append(dirs, strings.Split(strings.TrimSpace(string(out)), "\n")...)
	}
	here, err := goCommand("env", "GOROOT")
	if err != nil {
		c.bad("", 0, "%v", err)
	}
	dirs = append(dirs, here)

	var out []gorootInfo
	seen := map[string]bool{}
	for _, dir := range dirs {
		real, err := filepath.EvalSymlinks(dir)
		if err != nil || seen[real] {
			continue
		}
		seen[real] = true
		minor, err := gorootMinor(dir)
		if err != nil || minor < 19 {
			continue
		}
		if _, err := os.Stat(filepath.Join(dir, "src", "runtime", "cgo", "cgo.go")); err != nil {
			continue
		}
		out = append(out, gorootInfo{dir, minor})
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].minor < out[j].minor })
	if len(out) == 0 {
		c.bad("", 0, "no GOROOT with the sources of runtime/cgo is at hand; install them with: apt-get install golang")
	}
	return out
}

// gorootMinor reads the VERSION file, which Debian's distributions have too.
func gorootMinor(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		return 0, err
	}
	return parseMinor(strings.Fields(string(data) + " ?")[0])
}
