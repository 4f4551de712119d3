// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
)

// module is what go list -m and go mod download say of one, and where its copy is.
type module struct {
	Path, Version, GoVersion, Dir string
	Versions                      []string

	dir string
}

// name serves as the name of a file.
func (m module) name() string { return strings.ReplaceAll(m.Path, "/", "_") }

// fetch brings a module into the work directory: the version asked for, or the newest release that
// says it can be built by the Go at hand.
func fetch(client, work string) (module, error) {
	// Outside of any module, so that nobody's go.mod has a say in versions.
	scratch := filepath.Join(work, "scratch")
	if err := os.MkdirAll(scratch, 0o777); err != nil {
		return module{}, err
	}
	gomod := filepath.Join(scratch, "go.mod")
	if err := os.WriteFile(gomod, []byte("module example.com/scratch\n\ngo 1.19\n"), 0o666); err != nil {
		return module{}, err
	}
	if !strings.Contains(client, "@") {
		version, err := newest(client, scratch)
		if err != nil {
			return module{}, err
		}
		client += "@" + version
	}
	var m module
	if err := goJSON(scratch, &m, "mod", "download", "-json", client); err != nil {
		return m, err
	}
	m.dir = filepath.Join(work, m.name())
	if err := os.RemoveAll(m.dir); err != nil {
		return m, err
	}
	return m, copyTree(m.Dir, m.dir)
}

// Every release asks for a newer Go at most now and then: so far back is far enough.
const lookBack = 40

func newest(path, scratch string) (string, error) {
	var all module
	if err := goJSON(scratch, &all, "list", "-m", "-versions", "-json", path); err != nil {
		return "", err
	}
	have, err := exec.Command("go", "env", "GOVERSION").Output()
	if err != nil {
		return "", err
	}
	looked := 0
	for i := len(all.Versions) - 1; i >= 0 && looked < lookBack; i-- {
		version := all.Versions[i]
		if strings.ContainsAny(version, "-+") { // a preview, or from before modules
			continue
		}
		looked++
		var m module
		if err := goJSON(scratch, &m, "list", "-m", "-json", path+"@"+version); err != nil {
			return "", err
		}
		if minor(m.GoVersion) <= minor(string(have)) {
			return version, nil
		}
	}
	return "", fmt.Errorf("no release for %s", strings.TrimSpace(string(have)))
}

// minor is the N of 1.N, in "go1.N.P" and the like; 0 if nothing is said.
func minor(version string) int {
	if i := strings.Index(version, "1."); i >= 0 {
		version = version[i+2:]
	}
	end := 0
	for end < len(version) && '0' <= version[end] && version[end] <= '9' {
		end++
	}
	n, _ := strconv.Atoi(version[:end])
	return n
}

// goJSON runs a go command for the JSON that it prints.
func goJSON(dir string, into interface{}, args ...string) error {
	cmd := exec.Command("go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "GOFLAGS=-mod=mod")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("go %s: %w", strings.Join(args, " "), err)
	}
	return json.Unmarshal(out, into)
}

// copyTree copies regular files and directories, writable: tests expect to write beside themselves,
// which the module cache refuses.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o777)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(target, data, info.Mode().Perm()|0o200)
	})
}
