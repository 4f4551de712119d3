// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
)

// show runs go tool pprof, which the go command builds at the first use: without the flags of the test.
func show(words ...string) ([]byte, error) {
	cmd := exec.Command("go", append([]string{"tool", "pprof"}, words...)...)
	cmd.Env = append(os.Environ(), "GOFLAGS=")
	return cmd.Output()
}

// The profile and its picture name zstd's functions, their inlined callees and their callers.
func TestProfile(t *testing.T) {
	dir := t.TempDir()
	exe, profile := filepath.Join(dir, "zstd-profile"), filepath.Join(dir, "cpu")
	for _, words := range [][]string{
		{"go", "build", "-buildvcs=false", "-o", exe, "."}, // the test's binary has no debug information
		{exe, "3s", profile},
	} {
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%v: %v\n%s", words, err, out)
		}
	}
	top, err := show("-top", "-nodecount=1000", exe, profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m) ZSTD_compressBlock_\w+$`, `(?m) ZSTD_\w+ \(inline\)$`,
		`(?m) github\.com/DataDog/zstd\._Cfunc_ZSTD_compress\w*`, `(?m) (9\d(\.\d+)?|100)%  main\.press$`,
	} {
		if !regexp.MustCompile(want).Match(top) {
			t.Errorf("pprof -top lacks %s:\n%s", want, top)
		}
	}
	traces, err := show("-traces", exe, profile)
	if err != nil {
		t.Fatal(err)
	}
	draw := exec.Command("../flame")
	draw.Stdin = bytes.NewReader(traces)
	picture, err := draw.Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<title>main\.press: `, `<title>ZSTD_compressBlock_\w+`, `</svg>\n$`} {
		if !regexp.MustCompile(want).Match(picture) {
			t.Errorf("the flame graph lacks %s:\n%.2000s", want, picture)
		}
	}
}
