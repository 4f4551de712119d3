// SPDX-License-Identifier: BSD-3-Clause
// The sides have a build cache each, so that nothing crosses over. What cannot differ between them is compiled once.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// Packages that most suites need. What they depend on is compiled too, but for packages that depend on runtime/cgo.
var commonPackages = []string{"testing", "os/exec", "os/signal", "encoding/json", "log", "regexp", "internal/testenv"}

const withoutCgo = `{{$cgo := eq .ImportPath "runtime/cgo"}}{{range .Deps}}{{if eq . "runtime/cgo"}}{{$cgo = true}}{{end}}{{end}}` +
	`{{if not $cgo}}{{.ImportPath}}{{end}}`

// fillCaches makes the build caches that do not exist, each with the common packages.
func fillCaches(goroot, home string, caches ...string) error {
	common := filepath.Join(home, "cache-common")
	for _, cache := range caches {
		if exists(cache) {
			continue
		}
		if !exists(common) {
			if err := compileCommon(goroot, common); err != nil {
				os.RemoveAll(common)
				return err
			}
		}
		if err := copyTree(common, cache, nil); err != nil {
			os.RemoveAll(cache)
			return err
		}
	}
	return nil
}

func compileCommon(goroot, cache string) error {
	run := func(args ...string) ([]byte, error) {
		cmd := exec.Command(filepath.Join(goroot, "bin", "go"), args...)
		cmd.Dir, cmd.Env = filepath.Join(goroot, "src"), baseEnv(goroot, cache)
		out, err := cmd.CombinedOutput()
		if err != nil {
			err = fmt.Errorf("go %s: %w\n%s", args[0], err, out)
		}
		return out, err
	}
	list, err := run(append([]string{"list", "-deps", "-f", withoutCgo}, commonPackages...)...)
	if err != nil {
		return err
	}
	_, err = run(append([]string{"build"}, strings.Fields(string(list))...)...)
	return err
}
