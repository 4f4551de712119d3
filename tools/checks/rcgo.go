// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
)

// derivedName begins with a hash.
var derivedName = regexp.MustCompile(`^[0-9a-f]{16}-`)

// checkRcgo: what bin/rcgo installs is what the sources at hand make, byte for byte.
func checkRcgo(t *tree, c *check) {
	if !t.has("bin/rcgo") {
		c.bad("bin/rcgo", 0, "is not built; run make first")
		return
	}
	dir, ok := t.payload(c)
	if !ok || !needs(c, "go", "gcc") {
		return
	}
	cache, err := os.MkdirTemp("", "checks")
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	defer os.RemoveAll(cache)
	cmd := exec.Command(t.path("bin/rcgo"), "overlay", "-o", filepath.Join(cache, "o.json"))
	cmd.Env = append(os.Environ(), "RCGO_CACHE="+cache, "CGO_ENABLED=1", "GOFLAGS=", "GOARCH="+runtime.GOARCH)
	if out, err := cmd.CombinedOutput(); err != nil {
		c.bad("bin/rcgo", 0, "overlay: %v\n%s", err, out)
		return
	}
	installed, _ := filepath.Glob(filepath.Join(cache, "src-*", "*"))
	want := map[string]bool{}
	made, _ := filepath.Glob(filepath.Join(dir, "*.*"))
	for _, file := range made {
		want[filepath.Base(file)] = true
	}
	for _, file := range installed {
		name := filepath.Base(file)
		if derivedName.MatchString(name) {
			continue // made of a file of GOROOT's
		}
		have, err := os.ReadFile(file)
		fresh, err2 := os.ReadFile(filepath.Join(dir, name))
		if err != nil || err2 != nil || !bytes.Equal(have, fresh) {
			c.bad("bin/rcgo", 0, "carries a %s that is not made from the sources at hand; run make", name)
		}
		delete(want, name)
	}
	delete(want, "symbols.txt")
	for name := range want {
		if !strings.HasPrefix(name, ".") {
			c.bad("bin/rcgo", 0, "does not carry %s", name)
		}
	}
}
