// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"go/build"
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
var listed = append(append([]platform{}, platforms...), platform{"linux", "386"}, platform{"linux", "riscv64"},
	platform{"linux", "arm"}, platform{"linux", "s390x"},
	platform{"freebsd", "amd64"}, platform{"freebsd", "arm64"}, platform{"freebsd", "386"},
	platform{"freebsd", "riscv64"}, platform{"freebsd", "arm"})

// goCommand runs the go command without the user's flags, which may carry an overlay already.
func goCommand(args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GO111MODULE=on", "GOWORK=off")
	cmd.Dir = os.TempDir()
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out)), nil
}

// fits says whether the go command compiles a file for a platform: go/build is its rule.
func (p platform) fits(path string) bool {
	ctx := build.Default
	ctx.GOOS, ctx.GOARCH, ctx.CgoEnabled = p.os, p.arch, true
	match, err := ctx.MatchFile(filepath.Dir(path), filepath.Base(path))
	return err == nil && match
}

// payloadSources gives every file that could be dropped into runtime/cgo.
func (t *tree) payloadSources() []string {
	return append(append(t.srcC(), t.srcS()...), append(t.srcH(), t.glob("include/*.h")...)...)
}

// sourcesFor gives the paths of the C (or S, or H) files that are compiled for a platform.
func (t *tree) sourcesFor(p platform, ext string) []string {
	var out []string
	for _, rel := range withExt(t.payloadSources(), ext) {
		if p.fits(t.path(rel)) {
			out = append(out, rel)
		}
	}
	sort.Strings(out)
	return out
}

func invariantsOfFiles() []invariant {
	var out []invariant
	for _, p := range listed {
		p := p
		out = append(out, invariant{p.os + "_" + p.arch, func(t *tree, c *check) { t.compareFiles(c, p) }})
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
	want := t.sourcesFor(p, ".c")
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

// comparePayload: the go command compiles all groups of the payload for each platform, and no other file of it.
func (t *tree) comparePayload(c *check, p platform) {
	taken := t.groups(c, p)
	for _, file := range t.glob(payloadDir + "/*.c") {
		if p.fits(t.path(file)) != contains(taken, file) {
			c.bad(amalgamate, 0, "the payload has %s, which the go command would not compile for %s/%s alone",
				filepath.Base(file), p.os, p.arch)
		}
	}
}
