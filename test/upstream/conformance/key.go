// SPDX-License-Identifier: BSD-3-Clause
// The inputs of a stored result besides the command. A result is used only if none of them has changed. So an
// interrupted run continues where it stopped, and a run with another drop-in runs only that side.
package main

import (
	"crypto/sha256"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
	"syscall"
)

// The runner's own sources, which determine how a suite is run.
//
//go:embed *.go
var runner embed.FS

// stockKey names a GOROOT, its path and its content as far as identity sees them, the kernel, the machine's size, and
// the runner.
func stockKey(id string) (string, error) {
	var name syscall.Utsname
	if err := syscall.Uname(&name); err != nil {
		return "", err
	}
	h := sha256.New()
	fmt.Fprintln(h, id, name.Release, name.Version, runtime.NumCPU())
	files, err := runner.ReadDir(".")
	if err != nil {
		return "", err
	}
	for _, f := range files {
		if strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		text, err := runner.ReadFile(f.Name())
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, f.Name(), len(text))
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// content identifies an overlay by the files that it replaces and by the bytes of the replacements,
// not by their paths.
func (o *overlayFile) content() (string, error) {
	var keys []string
	for key := range o.Replace {
		keys = append(keys, key)
	}
	sort.Strings(keys)
	h := sha256.New()
	for _, key := range keys {
		fmt.Fprintln(h, filepath.Base(key), o.Replace[key] == "")
		if o.Replace[key] == "" {
			continue
		}
		text, err := os.ReadFile(o.Replace[key])
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, len(text))
		h.Write(text)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), nil
}

// payloadOf returns the report's text for the drop-in with which a row was run.
func payloadOf(key string) string {
	if i := strings.IndexByte(key, '+'); i >= 0 {
		return key[i+1:]
	}
	return "–"
}
