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

// goroots gives every GOROOT at hand, oldest first: those that tools/toolchains lists.
func goroots(t *tree, c *check) []gorootInfo {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.roots) > 0 {
		return t.roots
	}
	out, err := exec.Command(t.path("tools/toolchains"), "list").Output()
	for _, dir := range strings.Fields(string(out)) {
		if minor, err := gorootMinor(dir); err == nil && minor >= 19 {
			t.roots = append(t.roots, gorootInfo{dir, minor})
		}
	}
	sort.SliceStable(t.roots, func(i, j int) bool { return t.roots[i].minor < t.roots[j].minor })
	if len(t.roots) == 0 {
		c.bad("", 0, "no GOROOT with the sources of runtime/cgo is at hand (%v); install them with: apt-get install golang", err)
	}
	return t.roots
}

// gorootMinor reads the VERSION file, which Debian's distributions have too.
func gorootMinor(dir string) (int, error) {
	data, err := os.ReadFile(filepath.Join(dir, "VERSION"))
	if err != nil {
		return 0, err
	}
	return parseMinor(strings.Fields(string(data) + " ?")[0])
}
