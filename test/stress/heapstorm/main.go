// SPDX-License-Identifier: BSD-3-Clause

// Heapstorm runs a program under heap profiling that loads and unloads libraries, forks, gets signals, and
// allocates in many threads at once. It then compares what the program has kept with its profile:
// each library's blocks, under the name of a function in the unloaded library, to the byte.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

var (
	rcgo   = flag.String("rcgo", "../bin/rcgo", "the rcgo `command`")
	length = flag.Duration("time", 20*time.Second, "how long each storm takes")
	work   = flag.String("dir", "../build/test/heapstorm", "`directory` for programs")
	only   = flag.String("run", ".", "storms to run, a regular `expression`")
)

const libraries = 8

// The libraries differ in size, so that one is loaded where parts of others were.
const library = `
#include <stdlib.h>
char storm_room[%[2]d] = {1};
__attribute__((noinline, noipa)) void *storm_make%[1]d(size_t n) { void *p = malloc(n); __asm__("" : "+r"(p)); return p; }
`

func run(name string, args ...string) error {
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}

func build() error {
	if err := os.MkdirAll(*work, 0o777); err != nil {
		return err
	}
	for i := 0; i < libraries; i++ {
		c := filepath.Join(*work, fmt.Sprintf("storm%d.c", i))
		if err := os.WriteFile(c, []byte(fmt.Sprintf(library, i, 1+i*7000)), 0o666); err != nil {
			return err
		}
		if err := run("cc", "-O1", "-g", "-fPIC", "-shared", "-o", strings.TrimSuffix(c, "c")+"so", c); err != nil {
			return err
		}
	}
	if err := run(*rcgo, "build", "--with=heap", "-o", filepath.Join(*work, "ours"), "./stress/heapstorm/victim"); err != nil {
		return err
	}
	return run("go", "build", "-o", filepath.Join(*work, "stock"), "./stress/heapstorm/victim")
}

// A storm is one way to record the program.
type storm struct {
	name    string
	program string
	rate    string
	exact   bool
}

var storms = []storm{
	{"built, all", "ours", "all", true},
	{"built, 4K", "ours", "4K", false},
	{"preloaded, all", "stock", "all", true},
	{"preloaded, 4K", "stock", "4K", false},
}

func (s *storm) start() (*exec.Cmd, *bufio.Scanner, error) {
	words := []string{filepath.Join(*work, s.program), "-time", length.String(), *work}
	if s.program == "stock" {
		words = append([]string{*rcgo, "heap", "run", "-rate", s.rate}, words...)
	}
	c := exec.Command(words[0], words[1:]...)
	c.Env = append(os.Environ(), "RCGO=heap="+s.rate)
	c.Stderr = os.Stderr
	if _, err := c.StdinPipe(); err != nil { // ends with this program
		return nil, nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	return c, bufio.NewScanner(out), c.Start()
}

// compare checks the profile's bytes of each library.
func (s *storm) compare(kept map[string]float64, profile, total string) error {
	got := map[string]float64{}
	for _, line := range strings.Split(profile, "\n") {
		var n float64
		at := strings.LastIndexByte(line, ' ')
		if at < 0 {
			continue
		}
		fmt.Sscan(line[at:], &n)
		name := regexp.MustCompile(`storm_make\d`).FindString(line)
		if name == "" && strings.Contains(line, "storm") {
			return fmt.Errorf("a library has no name in %s", line)
		}
		if name == "" && (strings.Contains(line, "churn") || strings.Contains(line, "short_thread") ||
			strings.Contains(line, "fork_all")) {
			return fmt.Errorf("memory that was freed: %s", line)
		}
		got[name] += n
	}
	lost := strings.Contains(total, "not recorded") && !strings.Contains(total, "not recorded: 0 samples")
	for name, want := range kept {
		// Rates of samples: 4 standard errors. What was not recorded is said in the total.
		allowed := 4 * math.Sqrt(4096*want)
		if s.exact {
			allowed = 0
		}
		if diff := math.Abs(got[name] - want); diff > allowed && !(lost && s.exact && diff < want/10) {
			return fmt.Errorf("%s: kept %.0f bytes, the profile has %.0f\n%s", name, want, got[name], total)
		}
	}
	return nil
}

func (s *storm) run() (string, error) {
	c, lines, err := s.start()
	if err != nil {
		return "", err
	}
	defer func() {
		c.Process.Kill()
		c.Wait()
	}()
	kept := map[string]float64{}
	var story string
	for lines.Scan() && lines.Text() != "ready" {
		var name string
		var n float64
		if k, _ := fmt.Sscanf(lines.Text(), "kept %s %g", &name, &n); k == 2 {
			kept[name] = n
		} else {
			story = lines.Text()
		}
	}
	if len(kept) != libraries {
		return "", fmt.Errorf("the program ended early: %v", c.Wait())
	}
	pid := fmt.Sprint(c.Process.Pid)
	profile, err := exec.Command(*rcgo, "heap", "show", "-folded", pid).Output()
	if err != nil {
		return "", fmt.Errorf("rcgo heap show: %v", err)
	}
	total, _ := exec.Command(*rcgo, "heap", "show", pid).Output()
	first := strings.SplitN(string(total), "\n", 3)
	head := first[0]
	if len(first) > 1 && strings.HasPrefix(first[1], "not recorded") {
		head += "\n" + first[1]
	}
	return story + "\n    " + head, s.compare(kept, string(profile), head)
}

func main() {
	flag.Parse()
	for _, path := range []*string{rcgo, work} {
		full, err := filepath.Abs(*path)
		if err != nil {
			panic(err)
		}
		*path = full
	}
	if err := build(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	failed := false
	for i := range storms {
		s := &storms[i]
		if !regexp.MustCompile(*only).MatchString(s.name) {
			continue
		}
		story, err := s.run()
		if err != nil {
			failed = true
			fmt.Printf("FAIL %s: %v\n", s.name, err)
			continue
		}
		fmt.Printf("ok   %s: %s\n", s.name, story)
	}
	if failed {
		os.Exit(1)
	}
}
