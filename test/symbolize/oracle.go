// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bufio"
	"bytes"
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// A frame as printed by any tool, normalized.
type frame struct {
	function string
	file     string // without its directory
	line     string // "0" if unknown
}

// A tool that describes addresses of a file.
type tool struct {
	name string
	args func(file string) []string
	bare bool // its answers end with an empty line, and do not begin with the address

	// What it wrongly appends to the name of a function's cold part in DWARF 2.
	prefix string
}

func oursTool(path string) tool {
	return tool{name: "ours", args: func(f string) []string { return []string{path, f} }}
}

// oracles returns the installed tools. libbacktrace is "" if it is missing.
func oracles(libbacktrace string) []tool {
	all := []tool{
		{name: "addr2line", prefix: "__second_sect_of_", args: func(f string) []string {
			return []string{"addr2line", "-aif", "-e", f}
		}},
		{name: "eu-addr2line", args: func(f string) []string {
			return []string{"eu-addr2line", "-aif", "-e", f}
		}},
		{name: "llvm-symbolizer", bare: true, args: func(f string) []string {
			return []string{llvmSymbolizer(), "--obj=" + f, "--inlining", "--no-demangle",
				"--functions=linkage"}
		}},
	}
	if libbacktrace != "" {
		all = append(all, tool{name: "libbacktrace", prefix: "__second_sect_of_",
			args: func(f string) []string { return []string{libbacktrace, f} }})
	}
	return all
}

// llvmSymbolizer returns the newest; some systems have it only under a name with a version.
func llvmSymbolizer() string {
	names, _ := filepath.Glob("/usr/bin/llvm-symbolizer-*")
	if _, err := exec.LookPath("llvm-symbolizer"); err == nil || len(names) == 0 {
		return "llvm-symbolizer"
	}
	return names[len(names)-1]
}

// ask returns the chain of frames of each address.
func (t tool) ask(file string, pcs []uint64) ([][]frame, error) {
	var in bytes.Buffer
	for _, pc := range pcs {
		fmt.Fprintf(&in, "0x%x\n", pc)
	}
	args := t.args(file)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin = &in
	var failed bytes.Buffer
	cmd.Stderr = &failed
	// Some tools exit with an error if one address is unknown: only their output counts.
	out, err := cmd.Output()
	answers := t.parse(out)
	if err != nil && len(answers) != len(pcs) {
		return nil, fmt.Errorf("%s: %v\n%s", strings.Join(args, " "), err, failed.Bytes())
	}
	if len(answers) != len(pcs) {
		return nil, fmt.Errorf("%s: %d answers to %d questions", strings.Join(args, " "), len(answers), len(pcs))
	}
	return answers, nil
}

func (t tool) parse(out []byte) [][]frame {
	var answers [][]frame
	var now []frame
	var function string
	half, begun := false, false
	lines := bufio.NewScanner(bytes.NewReader(out))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case t.bare && line == "":
			answers, now = append(answers, now), nil
		case !t.bare && !half && strings.HasPrefix(line, "0x"):
			if begun {
				answers, now = append(answers, now), nil
			}
			begun = true
		case !half:
			function, half = line, true
		default:
			now = append(now, makeFrame(strings.TrimPrefix(function, t.prefix), line))
			half = false
		}
	}
	if begun {
		answers = append(answers, now)
	}
	return answers
}

var (
	// Suffixes that compilers append to the names of clones and parts, and Go's linker to those of
	// functions in assembly; DWARF does not have them.
	cloneSuffix = regexp.MustCompile(`(\.(constprop|isra|part|cold|lto_priv|llvm|localalias|warm|abi0)(\.[0-9]+)*)+$`)
	inlinedAt   = regexp.MustCompile(` inlined at .*$`)
	extra       = regexp.MustCompile(` \(discriminator [0-9]+\)$`)
	place       = regexp.MustCompile(`^(.*?):([0-9]+|\?)(:[0-9]+)?$`)
)

func makeFrame(function, where string) frame {
	function = inlinedAt.ReplaceAllString(function, "")
	function = cloneSuffix.ReplaceAllString(function, "")
	f := frame{function: function, line: "0"}
	m := place.FindStringSubmatch(extra.ReplaceAllString(where, ""))
	if m != nil && m[2] != "?" && m[2] != "0" {
		f.file, f.line = filepath.Base(m[1]), m[2]
	}
	return f
}
