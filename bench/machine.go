// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
)

// machine returns a line that describes the machine.
func machine(s *side) string {
	version, _, err := s.run(nil, s.lookup("RCGO_GO"), "env", "GOVERSION", "GOOS", "GOARCH", "CC")
	if err != nil {
		version = "go unknown"
	}
	goWords := strings.Fields(version)
	cc := "cc"
	if len(goWords) == 4 {
		cc = goWords[3]
		version = goWords[0] + " " + goWords[1] + "/" + goWords[2]
	}
	return fmt.Sprintf("%s, %d CPUs; Linux %s; %s; %s; load %s", cpu(), runtime.NumCPU(),
		firstLine("/proc/sys/kernel/osrelease"), version, compiler(cc), load())
}

// lookup returns a variable of the side's environment.
func (s *side) lookup(name string) string {
	for _, kv := range s.env {
		if strings.HasPrefix(kv, name+"=") {
			return kv[len(name)+1:]
		}
	}
	return ""
}

func cpu() string {
	text, _ := os.ReadFile("/proc/cpuinfo")
	for _, line := range strings.Split(string(text), "\n") {
		if strings.HasPrefix(line, "model name") {
			return strings.TrimSpace(line[strings.Index(line, ":")+1:])
		}
	}
	return runtime.GOARCH
}

func firstLine(path string) string {
	text, _ := os.ReadFile(path)
	return strings.SplitN(strings.TrimSpace(string(text)), "\n", 2)[0]
}

func compiler(cc string) string {
	out, _ := exec.Command(cc, "--version").Output()
	return strings.SplitN(string(out), "\n", 2)[0]
}

// load returns the load average of the last minute. Other work increases the spread of the figures.
func load() string { return strings.SplitN(firstLine("/proc/loadavg"), " ", 2)[0] }

// pinTo returns the command words that keep a program on one CPU; none without taskset or if not
// wanted.
func pinTo(cpu int) []string {
	if cpu < 0 {
		cpu = runtime.NumCPU() - 1
	}
	path, err := exec.LookPath("taskset")
	if err != nil {
		return nil
	}
	return []string{path, "-c", strconv.Itoa(cpu)}
}
