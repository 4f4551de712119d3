// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A side is one of the two that are compared: the go command alone, or rcgo.
type side struct {
	name    string
	command string   // go or rcgo
	env     []string // environment of every command
	dir     string   // directory of its programs
}

// sides returns stock and ours, both with the same GOROOT, and each with its own build cache, so
// that one side's builds do not warm the other's cache.
func sides(goroot, rcgo, work string) (*side, *side, error) {
	goCmd := filepath.Join(goroot, "bin", "go")
	make := func(name, command string) (*side, error) {
		dir := filepath.Join(work, name)
		if err := os.MkdirAll(dir, 0o777); err != nil {
			return nil, err
		}
		env := append(cleanEnv(), "GOTOOLCHAIN=local", "GOENV=off", "GOWORK=off", "GOFLAGS=-buildvcs=false",
			"CGO_ENABLED=1", "RCGO_GO="+goCmd, "GOCACHE="+filepath.Join(dir, "cache"),
			"PATH="+filepath.Dir(goCmd)+string(os.PathListSeparator)+os.Getenv("PATH"))
		return &side{name: name, command: command, env: env, dir: dir}, nil
	}
	stock, err := make("stock", goCmd)
	if err != nil {
		return nil, nil, err
	}
	ours, err := make("ours", rcgo)
	return stock, ours, err
}

// cleanEnv returns the environment without the settings of Go, cgo and rcgo, so that only the sides
// differ. It keeps the user's choice of C compiler.
func cleanEnv() []string {
	var env []string
	for _, kv := range os.Environ() {
		name := strings.SplitN(kv, "=", 2)[0]
		if strings.HasPrefix(name, "GO") || strings.HasPrefix(name, "CGO_") ||
			strings.HasPrefix(name, "RCGO") || name == "PATH" {
			continue
		}
		env = append(env, kv)
	}
	return env
}

func (s *side) path(name string) string { return filepath.Join(s.dir, name) }

// run runs a command in this side's environment and returns its standard output and its duration.
func (s *side) run(extraEnv []string, name string, args ...string) (string, time.Duration, error) {
	cmd := exec.Command(name, args...)
	cmd.Env = append(append([]string(nil), s.env...), extraEnv...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	start := time.Now()
	err := cmd.Run()
	took := time.Since(start)
	if err != nil {
		return "", 0, fmt.Errorf("%s: %s %s: %v\n%s", s.name, name, strings.Join(args, " "), err, errs.String())
	}
	return strings.TrimSpace(out.String()), took, nil
}

// build builds a package of this module.
func (s *side) build(extraEnv []string, output, pkg string, flags ...string) (time.Duration, error) {
	args := append([]string{"build", "-o", s.path(output)}, flags...)
	_, took, err := s.run(extraEnv, s.command, append(args, pkg)...)
	return took, err
}
