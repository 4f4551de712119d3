// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// A platform is one that the payload is built for.
type platform struct{ os, arch string }

var platforms = []platform{{"linux", "amd64"}, {"linux", "arm64"}}

// listed has the platforms too whose files need headers that this machine has not: the go command
// lists them, and no compiler sees them here.
var listed = append(append([]platform{}, platforms...), platform{"linux", "386"},
	platform{"freebsd", "amd64"}, platform{"freebsd", "arm64"})

// goCommand runs the go command without the user's flags, which may carry an overlay already.
func goCommand(env []string, args ...string) ([]byte, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(append(os.Environ(), "GOFLAGS=", "GO111MODULE=on", "GOWORK=off"), env...)
	cmd.Dir = os.TempDir()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return out, nil
}

func goroot() (string, error) {
	out, err := goCommand(nil, "env", "GOROOT")
	return strings.TrimSpace(string(out)), err
}

// writeOverlay writes an overlay file that replaces the C sources of runtime/cgo by
// the given files.
func writeOverlay(file, root string, add []string) error {
	dir := filepath.Join(root, "src", "runtime", "cgo")
	replace := map[string]string{}
	for _, pattern := range []string{"*.c", "*.S", "libcgo*.h"} {
		old, _ := filepath.Glob(filepath.Join(dir, pattern))
		for _, name := range old {
			replace[name] = ""
		}
	}
	for _, name := range add {
		replace[filepath.Join(dir, filepath.Base(name))] = name
	}
	data, err := json.Marshal(map[string]interface{}{"Replace": replace})
	if err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o666)
}

// goList asks the go command which of the given files it would compile for a platform, C, S and
// H files alike, and gives their names.
func goList(p platform, add []string) ([]string, error) {
	root, err := goroot()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "checks")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	overlay := filepath.Join(dir, "overlay.json")
	if err := writeOverlay(overlay, root, add); err != nil {
		return nil, err
	}
	out, err := goCommand([]string{"GOOS=" + p.os, "GOARCH=" + p.arch, "CGO_ENABLED=1"},
		"list", "-overlay", overlay, "-f",
		`{{range .CFiles}}{{.}}{{"\n"}}{{end}}{{range .SFiles}}{{.}}{{"\n"}}{{end}}{{range .HFiles}}{{.}}{{"\n"}}{{end}}`,
		"runtime/cgo")
	if err != nil {
		return nil, err
	}
	ours := map[string]bool{}
	for _, name := range add {
		ours[filepath.Base(name)] = true
	}
	var names []string
	for _, name := range strings.Fields(string(out)) {
		if ours[name] {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return names, nil
}

// payloadSources gives every file that could be dropped into runtime/cgo.
func (t *tree) payloadSources() []string {
	return append(append(t.srcC(), t.srcS()...), append(t.srcH(), t.glob("include/*.h")...)...)
}

// compiled gives the names of the files that the go command compiles for a platform.
func (t *tree) compiled(p platform) ([]string, error) {
	if names, ok := t.lists[p]; ok {
		return names, nil
	}
	var add []string
	for _, rel := range t.payloadSources() {
		add = append(add, t.path(rel))
	}
	names, err := goList(p, add)
	if err == nil {
		t.lists[p] = names
	}
	return names, err
}

// sourcesFor gives the paths of the C (or S, or H) files that are compiled for a platform.
func (t *tree) sourcesFor(p platform, ext string) ([]string, error) {
	names, err := t.compiled(p)
	if err != nil {
		return nil, err
	}
	var out []string
	byBase := map[string]string{}
	for _, rel := range t.payloadSources() {
		byBase[filepath.Base(rel)] = rel
	}
	for _, name := range names {
		if filepath.Ext(name) == ext {
			out = append(out, byBase[name])
		}
	}
	sort.Strings(out)
	return out, nil
}

func invariantsOfFiles() []invariant {
	var out []invariant
	for _, p := range listed {
		p := p
		out = append(out, invariant{p.os + "_" + p.arch, func(t *tree, c *check) {
			if needs(c, "go") {
				t.compareFiles(c, p)
			}
		}})
	}
	return out
}

// compareFiles compares the files that tools/amalgamate takes with those that the go command would.
func (t *tree) compareFiles(c *check, p platform) {
	out, err := exec.Command(t.path(amalgamate), "--list", p.os, p.arch).CombinedOutput()
	if err != nil {
		c.bad(amalgamate, 0, "--list %s %s failed: %v\n%s", p.os, p.arch, err, out)
		return
	}
	taken := words(string(out))
	want, err := t.sourcesFor(p, ".c")
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	if len(want) == 0 {
		c.bad("runtime", 0, "the go command compiles no file of ours for %s/%s", p.os, p.arch)
	}
	for _, rel := range want {
		if !taken[rel] && partOf(rel) != "target" { // a part of the C library alone
			c.bad(rel, 0, "the go command takes it for %s/%s, but %s leaves it out", p.os, p.arch, amalgamate)
		}
		delete(taken, rel)
	}
	for rel := range taken {
		c.bad(rel, 0, "%s takes it for %s/%s, but the go command leaves it out", amalgamate, p.os, p.arch)
	}
	t.comparePayload(c, p)
	t.compareNames(c, p)
}

// comparePayload: the go command compiles all groups of the payload for each platform.
func (t *tree) comparePayload(c *check, p platform) {
	dir, ok := t.payload(c)
	if !ok {
		return
	}
	var add []string
	for _, pattern := range []string{"*.c", "*.S", "*.h"} {
		found, _ := filepath.Glob(filepath.Join(dir, pattern))
		add = append(add, found...)
	}
	names, err := goList(p, add)
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	var got, want []string
	for _, name := range names {
		if filepath.Ext(name) == ".c" {
			got = append(got, name)
		}
	}
	for _, group := range t.groups(dir, p) {
		want = append(want, filepath.Base(group))
	}
	sort.Strings(want)
	if strings.Join(got, " ") != strings.Join(want, " ") {
		c.bad(amalgamate, 0, "of the payload the go command compiles %q for %s/%s, not %q", got, p.os, p.arch, want)
	}
}
