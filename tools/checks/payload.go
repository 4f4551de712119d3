// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"os"
	"os/exec"
	"path/filepath"
)

const amalgamate = "tools/amalgamate"

// payload makes what rcgo carries once and gives the folder that it is in.
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

// groups gives the C files of the payload for a platform, one for each group of parts.
func (t *tree) groups(dir string, p platform) []string {
	files, _ := filepath.Glob(filepath.Join(dir, "rcgo_*_"+p.os+".c"))
	return files
}

// payloadHash changes whenever a file changes that the payload is made of.
func (t *tree) payloadHash() string {
	cmd := []string{t.read(amalgamate)}
	for _, rel := range append(append(append(append(t.srcC(), t.srcH()...), t.srcS()...), t.glob("runtime/*/*.go", "runtime/*/*.txt", "include/*.h")...), "runtime/runtime.mk", "CHANGELOG.md") {
		cmd = append(cmd, rel, t.read(rel))
	}
	return t.fingerprint(append([]string{"gcc"}, cmd...), amalgamate)
}

// groupUnits compiles the groups for a platform as Go would, with their call graphs.
func (t *tree) groupUnits(c *check, p platform) ([]unit, bool) {
	dir, ok := t.payload(c)
	if !ok || !needs(c, gccFor(p.arch)) {
		return nil, false
	}
	var units []unit
	for _, src := range t.groups(dir, p) {
		units = append(units, t.compilePayload([]string{gccFor(p.arch)}, dir, src, t.objectFlags()...))
	}
	return units, failures(c, units)
}

// compilePayload compiles a file of the payload beside its own headers.
func (t *tree) compilePayload(cc []string, dir, src string, flags ...string) unit {
	stem, err := t.compile(cc, src, append(flags, "-I"+dir)...)
	return unit{src, stem, err}
}
