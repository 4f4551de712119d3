// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"bytes"
	"context"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// A way to build the program of testdata. twin, if not nil, has the flags of a plain twin with the same code, for the
// oracles: they cannot read every format that we can.
type build struct {
	name  string
	cc    string
	flags string
	twin  *string
	after func(dir, program string) error
	long  bool // in the long run only
}

func plain(flags string) *string { return &flags }

// matrix lists the ways. Whether a compiler knows a flag is found by trying.
func matrix() []build {
	list := []build{
		{name: "gcc-O2", cc: "gcc", flags: "-O2 -g"},
		{name: "gcc-O0-v4", cc: "gcc", flags: "-O0 -gdwarf-4"},
		{name: "gcc-O3-v2", cc: "gcc", flags: "-O3 -gdwarf-2"},
		{name: "gcc-O3-v2-strict", cc: "gcc", flags: "-O3 -gdwarf-2 -gstrict-dwarf"},
		{name: "gcc-O2-v3", cc: "gcc", flags: "-O2 -gdwarf-3 -gstrict-dwarf"},
		{name: "gcc-O2-g1", cc: "gcc", flags: "-O2 -g1"},
		{name: "gcc-lto", cc: "gcc", flags: "-O2 -g -flto"},
		{name: "gcc-gc-sections", cc: "gcc", flags: "-O2 -g -ffunction-sections -Wl,--gc-sections"},
		{name: "gcc-gc-sections-v4", cc: "gcc", flags: "-O2 -gdwarf-4 -ffunction-sections -Wl,--gc-sections"},
		{name: "gcc-zlib", cc: "gcc", flags: "-O2 -g -gz=zlib", twin: plain("-O2 -g")},
		{name: "gcc-zstd", cc: "gcc", flags: "-O2 -g -gz=zstd", twin: plain("-O2 -g")},
		{name: "gcc-64", cc: "gcc", flags: "-O2 -g -gdwarf64", twin: plain("-O2 -g")},
		{name: "gcc-split-v5", cc: "gcc", flags: "-O2 -gdwarf-5 -gsplit-dwarf", twin: plain("-O2 -gdwarf-5")},
		{name: "gcc-split-v4", cc: "gcc", flags: "-O2 -gdwarf-4 -gsplit-dwarf", twin: plain("-O2 -gdwarf-4")},
		{name: "gcc-dwp-v4", cc: "gcc", flags: "-O2 -gdwarf-4 -gsplit-dwarf", twin: plain("-O2 -gdwarf-4"), after: pack("dwp")},
		{name: "gcc-dwz", cc: "gcc", flags: "-O2 -g", twin: plain("-O2 -g"), after: dwz},
		{name: "gcc-types", cc: "gcc", flags: "-O2 -g -fdebug-types-section", twin: plain("-O2 -g")},
		{name: "gcc-debuglink", cc: "gcc", flags: "-O2 -g", twin: plain("-O2 -g"), after: debuglink},
		{name: "clang-O2", cc: "clang", flags: "-O2 -gdwarf-5"},
		{name: "clang-O1-v4", cc: "clang", flags: "-O1 -gdwarf-4"},
		{name: "clang-tables", cc: "clang", flags: "-O2 -gline-tables-only"},
		{name: "clang-split-v5", cc: "clang", flags: "-O2 -gdwarf-5 -gsplit-dwarf", twin: plain("-O2 -gdwarf-5")},
		{name: "clang-split-v4", cc: "clang", flags: "-O2 -gdwarf-4 -gsplit-dwarf", twin: plain("-O2 -gdwarf-4")},
		{name: "clang-dwp-v5", cc: "clang", flags: "-O2 -gdwarf-5 -gsplit-dwarf", twin: plain("-O2 -gdwarf-5"), after: pack("llvm-dwp")},
		{name: "clang-dwp-v4", cc: "clang", flags: "-O2 -gdwarf-4 -gsplit-dwarf", twin: plain("-O2 -gdwarf-4"), after: pack("llvm-dwp")},
		{name: "clang-lto", cc: "clang", flags: "-O2 -gdwarf-5 -flto -fuse-ld=lld"},
		{name: "clang-gc-sections-lld", cc: "clang", flags: "-O2 -gdwarf-5 -ffunction-sections -Wl,--gc-sections -fuse-ld=lld"},
		{name: "clang-64", cc: "clang", flags: "-O2 -gdwarf-5 -gdwarf64", twin: plain("-O2 -gdwarf-5")},
	}
	for _, cc := range []string{"gcc", "clang"} {
		for _, level := range []string{"-O0", "-O1", "-O2", "-O3", "-Os"} {
			for _, g := range []string{"-gdwarf-2", "-gdwarf-3", "-gdwarf-4", "-gdwarf-5", "-g1"} {
				list = append(list, build{name: cc + level + g, cc: cc, flags: level + " " + g, long: true})
			}
		}
	}
	return list
}

func run(dir string, args ...string) error {
	// llvm-dwp 14 hangs on some files of gcc.
	limit, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(limit, args[0], args[1:]...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return nil
}

// errNotHere says that a tool or a feature is absent on this machine.
type errNotHere struct{ error }

// compile builds the program in dir. Each unit is compiled separately, as .dwo files require.
func compile(cc, flags, testdata, dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	words := strings.Fields(flags)
	var objects []string
	for _, source := range []string{"shapes.c", "more.c", "plus.cc"} {
		object := source + ".o"
		driver := cc
		if strings.HasSuffix(source, ".cc") {
			driver = map[string]string{"gcc": "g++", "clang": "clang++"}[cc]
		}
		args := append([]string{driver, "-c", "-o", object}, compilerFlags(words)...)
		if err := run(dir, append(args, filepath.Join(testdata, source))...); err != nil {
			return "", err
		}
		objects = append(objects, object)
	}
	driver := map[string]string{"gcc": "g++", "clang": "clang++"}[cc]
	args := append([]string{driver, "-o", "program", "-Wl,--build-id=none"}, words...)
	if err := run(dir, append(args, objects...)...); err != nil {
		return "", err
	}
	return filepath.Join(dir, "program"), nil
}

func compilerFlags(words []string) []string {
	var out []string
	for _, w := range words {
		if !strings.HasPrefix(w, "-Wl,") && !strings.HasPrefix(w, "-fuse-ld") {
			out = append(out, w)
		}
	}
	return out
}

// make builds the program and its twin. If the compiler, or a later tool, cannot do this, the error is an errNotHere.
func (b build) make(testdata, dir string) (program, asked string, err error) {
	if _, err := exec.LookPath(b.cc); err != nil {
		return "", "", errNotHere{err}
	}
	for _, flag := range strings.Fields(b.flags) {
		if !b.knows(flag, dir) {
			return "", "", errNotHere{fmt.Errorf("%s does not know %s", b.cc, flag)}
		}
	}
	program, err = compile(b.cc, b.flags, testdata, dir)
	if err != nil {
		return "", "", err
	}
	asked = program
	if b.twin != nil {
		asked, err = compile(b.cc, *b.twin, testdata, dir+"-twin")
		if err != nil {
			return "", "", err
		}
		if !sameCode(program, asked) {
			return "", "", fmt.Errorf("%s: its twin has other code", b.name)
		}
	}
	if b.after != nil {
		err = b.after(dir, program)
	}
	return program, asked, err
}

// knows reports whether the compiler accepts a flag.
func (b build) knows(flag, dir string) bool {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return false
	}
	probe := filepath.Join(dir, "probe.c")
	if err := os.WriteFile(probe, []byte("int main(void) { return 0; }\n"), 0o644); err != nil {
		return false
	}
	args := []string{b.cc, "-Werror", flag, "-o", "probe", "probe.c"}
	if flag == "-gdwarf64" {
		args = append(args, "-gdwarf-5")
	}
	return run(dir, args...) == nil
}

func sameCode(a, b string) bool {
	text := func(path string) []byte {
		f, err := elf.Open(path)
		if err != nil {
			return nil
		}
		defer f.Close()
		data, err := f.Section(".text").Data()
		if err != nil {
			return nil
		}
		return data
	}
	x := text(a)
	return len(x) > 0 && bytes.Equal(x, text(b))
}

// pack puts the .dwo files into program.dwp, and removes them.
func pack(packer string) func(dir, program string) error {
	return func(dir, program string) error {
		if _, err := exec.LookPath(packer); err != nil {
			return errNotHere{err}
		}
		dwos, _ := filepath.Glob(filepath.Join(dir, "*.dwo"))
		if len(dwos) == 0 {
			return fmt.Errorf("%s: no .dwo files", dir)
		}
		if err := run(dir, append([]string{packer, "-o", "program.dwp"}, dwos...)...); err != nil {
			return errNotHere{err} // GNU's tool knows only version 4; others have limits too
		}
		for _, name := range dwos {
			if err := os.Remove(name); err != nil {
				return err
			}
		}
		return nil
	}
}

// dwz moves what the program and a copy have in common to a file beside them.
func dwz(dir, program string) error {
	if _, err := exec.LookPath("dwz"); err != nil {
		return errNotHere{err}
	}
	if err := run(dir, "cp", "program", "second"); err != nil {
		return err
	}
	return run(dir, "dwz", "-m", "common.dwz", "-M", filepath.Join(dir, "common.dwz"), "program", "second")
}

// debuglink moves the debug information to a file beside the program.
func debuglink(dir, program string) error {
	for _, args := range [][]string{
		{"objcopy", "--only-keep-debug", "program", "program.debug"},
		{"objcopy", "--strip-all", "--add-gnu-debuglink=program.debug", "program"},
	} {
		if err := run(dir, args...); err != nil {
			return err
		}
	}
	return nil
}
