// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"bufio"
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"testing"
)

// A user's C code may use every name that is not part of the contract.
func TestUsersNames(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		b := build{program: "names", side: ours, flags: linkExternal}
		run(t, tc, nil, nil, b.must(t, tc)).want(t, 0, "names ok")
		b.side = stock
		path, err := b.try(tc)
		if err == nil {
			t.Errorf("stock links %s too: the test proves nothing", path)
		} else if !strings.Contains(err.Error(), "multiple definition of") {
			t.Errorf("stock fails for another reason: %v", err)
		}
	})
}

// Names that libc has for signals, and that our runtime/cgo defines too, do not conflict: the program's own come
// first, as with libc's.
func TestUsersSignalNames(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for name, b := range map[string]build{
			"exe":         {},
			"pie":         {flags: "-buildmode=pie"},
			"static":      {flags: linkStatic},
			"musl-static": {flags: linkStatic, env: "CC=musl-gcc"},
		} {
			name, b := name, b
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				b.program = "ownsignals"
				for _, b.side = range []side{stock, ours} {
					run(t, tc, nil, nil, b.must(t, tc)).want(t, 0, "own signals: 62010\n")
				}
			})
		}
	})
}

// contract returns the names of runtime/abi/symbols.txt.
func contract(t *testing.T) map[string]bool {
	t.Helper()
	file, err := os.Open("../../../runtime/abi/symbols.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	names := map[string]bool{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		words := strings.Fields(lines.Text())
		if len(words) < 3 || strings.HasPrefix(words[0], "#") || words[2] == "heap" {
			continue // heap: only in programs built with it
		}
		names[words[0]] = true
	}
	if len(names) < 20 {
		t.Fatalf("symbols.txt has only %d names", len(names))
	}
	return names
}

// fromGo returns the names that our Go files export to our C.
func fromGo(t *testing.T) map[string]bool {
	t.Helper()
	text, err := os.ReadFile("../../../runtime/overlay/rcgo_names.go")
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]bool{}
	for _, line := range strings.Split(string(text), "\n") {
		if words := strings.Fields(line); len(words) > 1 && words[0] == "//go:cgo_export_static" {
			names[words[1]] = true
		}
	}
	return names
}

// exports returns the global names that an ELF file defines in its symbol table or dynamic symbol table. A file without
// such a table exports nothing by it.
func exports(path string, dynamic bool) (map[string]bool, error) {
	file, err := elf.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	read := file.Symbols
	if dynamic {
		read = file.DynamicSymbols
	}
	symbols, err := read()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return nil, err
	}
	names := map[string]bool{}
	for _, s := range symbols {
		visibility := elf.ST_VISIBILITY(s.Other)
		if s.Section != elf.SHN_UNDEF && elf.ST_BIND(s.Info) != elf.STB_LOCAL &&
			visibility != elf.STV_HIDDEN && visibility != elf.STV_INTERNAL {
			names[s.Name] = true
		}
	}
	return names, nil
}

// cmd/cgo's wrapper of the function that our Go files export (runtime/overlay/rcgo_flags.go).
var exportWrapper = regexp.MustCompile(`^_cgoexp_[0-9a-f]+_rcgo_export_header$`)

// extra returns, sorted, our names that neither the contract nor stock has.
func extra(ours, stock, contract map[string]bool) []string {
	var list []string
	for name := range ours {
		if !stock[name] && !contract[name] && !exportWrapper.MatchString(name) {
			list = append(list, name)
		}
	}
	sort.Strings(list)
	return list
}

// Names that stock exports without need, and that our runtime/cgo must not export.
var leaks = []string{"fatalf", "threadentry", "crosscall1", "crosscall_amd64", "_cgo_sys_thread_start",
	"_cgo_try_pthread_create", "_cgo_get_context_function", "_cgo_set_stacklo", "x_cgo_inittls",
	"_cgo_get_traceback_function", "_cgo_get_symbolizer_function", "x_cgo_threadentry_platform"}

func checkExports(t *testing.T, what, oursPath, stockPath string) {
	t.Helper()
	names := contract(t)
	for name := range fromGo(t) {
		names[name] = true
	}
	for _, dynamic := range []bool{false, true} {
		o, err := exports(oursPath, dynamic)
		if err != nil {
			t.Fatal(err)
		}
		s, err := exports(stockPath, dynamic)
		if err != nil {
			t.Fatal(err)
		}
		if list := extra(o, s, names); len(list) > 0 {
			t.Errorf("%s (dynamic: %v) exports beyond the contract: %v", what, dynamic, list)
		}
		for _, name := range leaks {
			if o[name] {
				t.Errorf("%s (dynamic: %v) exports %s", what, dynamic, name)
			}
		}
		if !dynamic && (!o["x_cgo_init"] || !o["_cgo_libc_setuid"]) {
			t.Errorf("%s does not hold our runtime/cgo at all", what)
		}
	}
}

// Programs of every kind export of runtime/cgo exactly the contract.
func TestExports(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for name, b := range map[string]build{
			"exe":      {program: "modes"},
			"external": {program: "modes", flags: linkExternal},
			"pie":      {program: "modes", flags: "-buildmode=pie"},
			"shared":   {program: "lib", flags: "-buildmode=c-shared", output: "liblib.so"},
		} {
			mine, theirs := b, b
			mine.side, theirs.side = ours, stock
			checkExports(t, name, mine.must(t, tc), theirs.must(t, tc))
		}
	})
}

// C programs link with the objects of a c-archive: those of runtime/cgo export exactly the contract.
func TestExportsOfArchive(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		need(t, "ar", "binutils")
		names := contract(t)
		seen := map[string]bool{}
		for _, member := range members(t, archive(ours).must(t, tc)) {
			defined, err := exports(member, false)
			if err != nil {
				t.Fatal(err)
			}
			for _, name := range leaks {
				if defined[name] {
					t.Errorf("%s exports %s", filepath.Base(member), name)
				}
			}
			if !any(defined, names) {
				continue
			}
			for name := range defined {
				seen[name] = true
				if !names[name] {
					t.Errorf("our object exports %s, which is not in symbols.txt", name)
				}
			}
		}
		for name := range names {
			if !seen[name] {
				t.Errorf("our object lacks %s", name)
			}
		}
	})
}

func any(these, those map[string]bool) bool {
	for name := range these {
		if those[name] {
			return true
		}
	}
	return false
}

// members unpacks an archive and returns the paths of its objects.
func members(t *testing.T, path string) []string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("ar", "x", path)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatal(fmt.Errorf("ar: %v\n%s", err, out))
	}
	list, err := filepath.Glob(filepath.Join(dir, "*.o"))
	if err != nil || len(list) == 0 {
		t.Fatalf("%s: no objects (%v)", path, err)
	}
	return list
}
