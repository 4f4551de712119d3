// SPDX-License-Identifier: BSD-3-Clause
// Runs one suite on one side, keeps its raw log, and reads the outcome of every test in it.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"syscall"
	"time"
)

// side is stock or drop-in: its go command and its additions to the environment.
type side struct {
	Name   string
	Goroot string
	Cache  string   // GOCACHE of this side alone, so that nothing crosses over
	Env    []string // after baseEnv
	Key    string   // what a stored result of it depends on
}

// result is the outcome of one suite on one side.
type result struct {
	Args    []string          `json:"args"`
	Dir     string            `json:"dir"`
	Env     []string          `json:"env"`
	Machine string            `json:"machine"` // the tools that the tests looked for
	Key     string            `json:"key"`     // of the side
	RC      int               `json:"rc"`
	Killed  bool              `json:"killed"`
	Seconds float64           `json:"seconds"`
	Log     string            `json:"-"`
	Tests   map[string]string `json:"-"`
	Reused  bool              `json:"-"`
}

// event is a line of go test -json.
type event struct {
	Action  string
	Package string
	Test    string
}

// killGrace is the time after go test's own -timeout at which all its processes are killed.
const killGrace = 2 * time.Minute

// runSuite runs the suite and leaves base.json (standard output), base.err and base.meta.
func runSuite(sd *side, s *suite, only, base string, timeout time.Duration) (*result, error) {
	dir, target, ok := s.locate(sd.Goroot)
	if !ok {
		return nil, fmt.Errorf("%s: not in %s", s.Name, sd.Goroot)
	}
	if err := os.MkdirAll(filepath.Dir(base), 0o777); err != nil {
		return nil, err
	}
	res := &result{
		Args: s.command(target, only, timeout.String()), Dir: dir, Log: base + ".json",
		Env: append(append([]string(nil), sd.Env...), s.Env...), Machine: machine(), Key: sd.Key,
	}
	// An interrupted run leaves a log without its last line, which is not a result.
	if err := os.Remove(base + ".meta"); err != nil && !os.IsNotExist(err) {
		return nil, err
	}
	stdout, err := os.Create(base + ".json")
	if err != nil {
		return nil, err
	}
	defer stdout.Close()
	stderr, err := os.Create(base + ".err")
	if err != nil {
		return nil, err
	}
	defer stderr.Close()

	cmd := exec.Command(filepath.Join(sd.Goroot, "bin", "go"), res.Args...)
	cmd.Dir = dir
	cmd.Env = append(append(baseEnv(sd.Goroot, sd.Cache), res.Env...), "PWD="+dir)
	cmd.Stdout, cmd.Stderr = stdout, stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	begin := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	timer := time.AfterFunc(timeout+killGrace, func() {
		res.Killed = true
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	})
	err = cmd.Wait()
	timer.Stop()
	res.Seconds = time.Since(begin).Seconds()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	res.RC = cmd.ProcessState.ExitCode()
	if err := res.readLog(s); err != nil {
		return nil, err
	}
	meta, err := json.MarshalIndent(res, "", "\t")
	if err != nil {
		return nil, err
	}
	return res, os.WriteFile(base+".meta", append(meta, '\n'), 0o666)
}

// machine names the state of the optional tools that tests use: a result of a machine without swig
// is not used once swig is installed.
func machine() string {
	var out []string
	for _, tool := range []string{"cc", "gcc", "g++", "clang", "gfortran", "swig", "gdb", "ld"} {
		path, err := exec.LookPath(tool)
		if err != nil {
			continue
		}
		if real, err := filepath.EvalSymlinks(path); err == nil {
			path = real
		}
		if info, err := os.Stat(path); err == nil {
			out = append(out, fmt.Sprintf("%s %s %d %d", tool, path, info.Size(), info.ModTime().Unix()))
		}
	}
	return strings.Join(out, "; ")
}

// loadResult reads the result of an earlier run, if it has the same command and inputs.
func loadResult(s *suite, sd *side, base string, timeout time.Duration) (*result, bool) {
	raw, err := os.ReadFile(base + ".meta")
	if err != nil {
		return nil, false
	}
	res := &result{Log: base + ".json", Reused: true}
	if json.Unmarshal(raw, res) != nil || res.Killed || res.Key == "" || res.Key != sd.Key {
		return nil, false
	}
	dir, target, ok := s.locate(sd.Goroot)
	want := s.command(target, "", timeout.String())
	env := append(append([]string(nil), sd.Env...), s.Env...)
	same := ok && res.Dir == dir && strings.Join(res.Args, "\x00") == strings.Join(want, "\x00") &&
		strings.Join(res.Env, "\x00") == strings.Join(env, "\x00") && res.Machine == machine()
	if !same || res.readLog(s) != nil {
		return nil, false
	}
	return res, true
}

// readLog fills Tests: "package test" to its outcomes in order of appearance.
func (r *result) readLog(s *suite) error {
	r.Tests = map[string]string{}
	if s.Kind != kindTest {
		return nil
	}
	raw, err := os.ReadFile(r.Log)
	if err != nil {
		return err
	}
	scanner := bufio.NewScanner(bytes.NewReader(raw))
	scanner.Buffer(nil, len(raw)+1)
	open := map[string]bool{}
	for scanner.Scan() {
		var e event
		// Lines that are not events are messages of the go command about a failed build.
		if json.Unmarshal(scanner.Bytes(), &e) != nil || e.Test == "" {
			continue
		}
		name := e.Package + " " + e.Test
		switch e.Action {
		case "run":
			open[name] = true
		case "pass", "fail", "skip":
			delete(open, name)
			if r.Tests[name] != "" {
				r.Tests[name] += ","
			}
			r.Tests[name] += e.Action
		}
	}
	for name := range open {
		if r.Tests[name] == "" {
			r.Tests[name] = "unfinished"
		}
	}
	return scanner.Err()
}

// counts returns how many tests and sub-tests passed, failed and were skipped.
func (r *result) counts() (pass, fail, skip int) {
	for _, outcome := range r.Tests {
		for _, o := range strings.Split(outcome, ",") {
			switch o {
			case "pass":
				pass++
			case "skip":
				skip++
			default:
				fail++
			}
		}
	}
	return pass, fail, skip
}

// cell is the outcome as a cell of the table.
func (r *result) cell() string {
	word := "ok"
	if r.Killed {
		word = "KILLED"
	} else if r.RC != 0 {
		word = fmt.Sprintf("FAIL(%d)", r.RC)
	}
	p, f, k := r.counts()
	return fmt.Sprintf("%s %d/%d/%d %.0fs", word, p, f, k, r.Seconds)
}

// names returns the tests of two results, sorted.
func names(a, b *result) []string {
	set := map[string]bool{}
	for n := range a.Tests {
		set[n] = true
	}
	for n := range b.Tests {
		set[n] = true
	}
	var out []string
	for n := range set {
		out = append(out, n)
	}
	sort.Strings(out)
	return out
}
