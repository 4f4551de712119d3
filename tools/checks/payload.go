// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const amalgamate = "tools/amalgamate"

// payload makes the C shapes once and gives the folder that they are in.
func (t *tree) payload(c *check) (string, bool) { return t.amalgamated(c, "c", "--c") }

// carried makes all that rcgo carries, assembly too, which takes longer.
func (t *tree) carried(c *check) (string, bool) { return t.amalgamated(c, "all") }

func (t *tree) amalgamated(c *check, what string, flags ...string) (string, bool) {
	dir := filepath.Join(t.cacheDir(), "payload-"+what+"-"+t.payloadHash())
	if _, err := os.Stat(filepath.Join(dir, ".done")); err == nil {
		return dir, true
	}
	if err := os.MkdirAll(t.cacheDir(), 0o777); err != nil {
		c.bad("", 0, "%v", err)
		return "", false
	}
	tmp, err := os.MkdirTemp(t.cacheDir(), "new")
	if err != nil {
		c.bad("", 0, "%v", err)
		return "", false
	}
	defer os.RemoveAll(tmp)
	out, err := exec.Command(t.path(amalgamate), append(flags, tmp)...).CombinedOutput()
	if err != nil {
		c.bad(amalgamate, 0, "%v\n%s", err, out)
		return "", false
	}
	os.WriteFile(filepath.Join(tmp, ".done"), nil, 0o666)
	if err := os.Rename(tmp, dir); err != nil {
		if _, err2 := os.Stat(filepath.Join(dir, ".done")); err2 != nil {
			c.bad("", 0, "%v", err)
			return "", false
		}
	}
	return dir, true
}

// shapes gives the C files of the payload for a platform: the one that has it all, then those of
// the groups.
func (t *tree) shapes(dir string, p platform) []string {
	files := []string{filepath.Join(dir, "rcgo_"+p.os+"_"+p.arch+".c")}
	groups, _ := filepath.Glob(filepath.Join(dir, "groups", "rcgo_*_"+p.os+"_"+p.arch+".c"))
	return append(files, groups...)
}

// payloadHash changes whenever a file changes that the payload is made of.
func (t *tree) payloadHash() string {
	cmd := []string{t.read(amalgamate)}
	for _, rel := range append(append(append(append(t.srcC(), t.srcH()...), t.srcS()...), t.glob("runtime/*/*.go", "runtime/*/*.txt", "include/*.h")...), "runtime/runtime.mk", "CHANGELOG.md") {
		cmd = append(cmd, rel, t.read(rel))
	}
	return t.fingerprint(append([]string{"gcc"}, cmd...), amalgamate)
}

// amalgamUnits compiles the one-file shape for a platform as Go would, and the groups as they are
// compiled to be carried, with their call graphs.
func (t *tree) amalgamUnits(c *check, p platform) (whole, groups []unit, ok bool) {
	dir, ok := t.payload(c)
	if !ok || !needs(c, gccFor(p.arch)) {
		return nil, nil, false
	}
	cc := []string{gccFor(p.arch)}
	for i, src := range t.shapes(dir, p) {
		if i == 0 {
			whole = []unit{t.compilePayload(cc, dir, src, "-O2", "-g", "-fcallgraph-info=su")}
			continue
		}
		group := strings.Split(filepath.Base(src), "_")[1]
		flags, err := exec.Command(t.path(amalgamate), "--flags", group, p.arch).Output()
		if err != nil {
			c.bad(amalgamate, 0, "--flags %s %s: %v", group, p.arch, err)
			return nil, nil, false
		}
		groups = append(groups, t.compilePayload(cc, dir, src, append(strings.Fields(string(flags)), "-fcallgraph-info=su")...))
	}
	return whole, groups, failures(c, append(append([]unit{}, whole...), groups...))
}

// compilePayload compiles a file of the payload, as C, beside its own headers.
func (t *tree) compilePayload(cc []string, dir, src string, flags ...string) unit {
	stem, err := t.compile(cc, src, append(flags, "-I"+dir, "-DRCGO_FROM_C=1")...)
	return unit{src, stem, err}
}
