// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
)

const amalgamate = "tools/amalgamate"

// payload makes the one-file shape of src/ once and gives the folder that it is in.
func (t *tree) payload(c *check) (string, bool) {
	dir := filepath.Join(t.cacheDir(), "payload-"+t.payloadHash())
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
	out, err := exec.Command(t.path(amalgamate), tmp).CombinedOutput()
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
	groups, _ := filepath.Glob(filepath.Join(dir, "rcgo_*_"+p.os+"_"+p.arch+".c"))
	return append(files, groups...)
}

// payloadHash changes whenever a file changes that the payload is made of.
func (t *tree) payloadHash() string {
	cmd := []string{t.read(amalgamate)}
	for _, rel := range append(append(append(t.srcC(), t.srcS()...), t.glob("src/*/*.go", "src/*/*.txt")...), "src/src.mk", "CHANGELOG.md") {
		cmd = append(cmd, rel, t.read(rel))
	}
	return t.fingerprint(append([]string{"gcc"}, cmd...), amalgamate)
}

// amalgamUnit compiles the one-file shape for a platform as Go would, with its call graph.
func (t *tree) amalgamUnit(c *check, p platform) (unit, bool) {
	dir, ok := t.payload(c)
	if !ok || !needs(c, gccFor(p.arch)) {
		return unit{}, false
	}
	src := t.shapes(dir, p)[0]
	u := t.compilePayload([]string{gccFor(p.arch)}, dir, src, "-O2", "-g", "-fcallgraph-info=su")
	return u, failures(c, []unit{u})
}

// compilePayload compiles a file of the payload beside its own headers.
func (t *tree) compilePayload(cc []string, dir, src string, flags ...string) unit {
	stem, err := t.compile(cc, src, append(flags, "-I"+dir)...)
	return unit{src, stem, err}
}
