// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// side is one way to build: with the stock runtime/cgo or with the drop-in.
type side struct{ name, command string }

// key names a test; without a test it stands for the package as a whole.
type key struct{ pkg, test string }

func (k key) String() string { return strings.TrimSuffix(k.pkg+"."+k.test, ".") }

// suite is what became of each test: pass, fail or skip.
type suite map[key]string

func (s side) run(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(s.command, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOTOOLCHAIN=local", "CGO_ENABLED=1")
	return cmd
}

// prove makes sure that a side is what it says, by the symbols of a test binary of the client.
func (s side) prove(dir, work string) error {
	binary := filepath.Join(work, "prove.test")
	os.Remove(binary)
	if out, err := s.run(dir, "test", "-c", "-o", binary, ".").CombinedOutput(); err != nil {
		return fmt.Errorf("%s test -c: %w\n%s", s.command, err, out)
	}
	defer os.Remove(binary)
	f, err := elf.Open(binary)
	if err != nil {
		return err
	}
	defer f.Close()
	symbols, err := f.Symbols()
	if err != nil {
		return err
	}
	ours, stock := 0, 0
	for _, symbol := range symbols {
		if strings.HasPrefix(symbol.Name, "rcgo__") {
			ours++
		}
		if symbol.Name == "_cgo_try_pthread_create" {
			stock++
		}
	}
	if s.name == "stock" && (ours > 0 || stock == 0) || s.name != "stock" && (ours == 0 || stock > 0) {
		return fmt.Errorf("%s: the binary has %d symbols of ours and %d of stock's", s.name, ours, stock)
	}
	return nil
}

// event is a line of go test -json.
type event struct{ Action, Package, Test, Output string }

// test runs all tests of the module and keeps what go test said in a file.
func (s side) test(dir, log string) (suite, error) {
	cmd := s.run(dir, "test", "-json", "-count=1", "-timeout=20m", "./...")
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err // no such command; failing tests are a result
	}
	if err := os.WriteFile(log, out, 0o666); err != nil {
		return nil, err
	}
	got := make(suite)
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 64<<20)
	for lines.Scan() {
		var e event
		if json.Unmarshal(lines.Bytes(), &e) != nil {
			continue // what a compiler says comes in between
		}
		if e.Action == "pass" || e.Action == "fail" || e.Action == "skip" {
			got[key{e.Package, e.Test}] = e.Action
		}
	}
	if len(got) == 0 {
		return nil, fmt.Errorf("%s test: no results\n%s%s", s.command, errs.Bytes(), out)
	}
	return got, lines.Err()
}

func (s suite) counts() string {
	n := make(map[string]int)
	for k, action := range s {
		if k.test != "" {
			n[action]++
		}
	}
	return fmt.Sprintf("%d/%d/%d", n["pass"], n["fail"], n["skip"])
}

// compare lists what is not the same on both sides.
func compare(stock, ours suite) (differences []string) {
	names := make(map[key]bool)
	for name := range stock {
		names[name] = true
	}
	for name := range ours {
		names[name] = true
	}
	for name := range names {
		a, b := stock[name], ours[name]
		if a != b {
			differences = append(differences,
				fmt.Sprintf("%s: stock %s, rcgo %s", name, orAbsent(a), orAbsent(b)))
		}
	}
	sort.Strings(differences)
	return differences
}

func orAbsent(action string) string {
	if action == "" {
		return "absent"
	}
	return action
}
