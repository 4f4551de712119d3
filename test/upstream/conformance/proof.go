// SPDX-License-Identifier: BSD-3-Clause
// Proves, by the symbols of a program built in each way, which runtime/cgo was inside.
package main

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

const probeSource = `package main

// static int one(void) { return 1; }
import "C"

func main() { println(C.one()) }
`

// Symbols that only one of the two implementations defines: ours begin with rcgo__, and these are
// stock's own in every version from 1.19 on.
const ourPrefix = "rcgo__"

var stockOnlySymbols = []string{"_cgo_try_pthread_create", "_cgo_sys_thread_start"}

// symbolsOf counts our symbols and stock's in an ELF file.
func symbolsOf(path string) (ours, stocks int, err error) {
	f, err := elf.Open(path)
	if err != nil {
		return 0, 0, err
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		return 0, 0, fmt.Errorf("%s: %w", path, err)
	}
	for _, s := range syms {
		if strings.HasPrefix(s.Name, ourPrefix) {
			ours++
		}
		for _, n := range stockOnlySymbols {
			if s.Name == n {
				stocks++
			}
		}
	}
	return ours, stocks, nil
}

// prove builds and runs a cgo program on a side, and fails unless it contains the
// expected runtime/cgo.
func prove(sd *side, wantOurs bool) error {
	// Linked by the C linker, so that the symbol table keeps static functions too.
	flags := []string{"-ldflags=-linkmode=external"}
	ours, stocks, out, err := probe(sd, flags, nil)
	if err != nil {
		return fmt.Errorf("%s: the probe: %w\n%s", sd.Name, err, out)
	}
	if !isWanted(ours, stocks, wantOurs) {
		return fmt.Errorf("%s: the probe carries %d symbols of ours and %d of stock's", sd.Name, ours, stocks)
	}
	progress("%s: proved: %d symbols of ours, %d of stock's", sd.Name, ours, stocks)
	return nil
}

func isWanted(ours, stocks int, wantOurs bool) bool {
	if wantOurs {
		return ours > 0 && stocks == 0
	}
	return ours == 0 && stocks > 0
}

// probe builds a cgo program with the given flags and environment, counts the symbols in it, and
// runs it. out is the output of the command that failed.
func probe(sd *side, flags, env []string) (ours, stocks int, out []byte, err error) {
	dir, err := os.MkdirTemp("", "rcgo-probe-")
	if err != nil {
		return 0, 0, nil, err
	}
	defer os.RemoveAll(dir)
	files := map[string]string{"go.mod": "module probe\n\ngo 1.19\n", "main.go": probeSource}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
			return 0, 0, nil, err
		}
	}
	exe := filepath.Join(dir, "probe")
	args := append(append([]string{"build"}, flags...), "-o", exe, ".")
	cmd := exec.Command(filepath.Join(sd.Goroot, "bin", "go"), args...)
	cmd.Dir = dir
	cmd.Env = append(append(append(baseEnv(sd.Goroot, sd.Cache), sd.Env...), env...), "PWD="+dir)
	if out, err = cmd.CombinedOutput(); err != nil {
		return 0, 0, out, err
	}
	if ours, stocks, err = symbolsOf(exe); err != nil {
		return 0, 0, nil, err
	}
	out, err = exec.Command(exe).CombinedOutput()
	if err == nil && string(out) != "1\n" {
		err = fmt.Errorf("it does not print 1")
	}
	return ours, stocks, out, err
}

// strays lists the files of the drop-in's build cache that hold the stock runtime/cgo: a build of
// that side, nested ones included, which escaped the overlay.
func strays(cache string) ([]string, error) {
	var out []string
	err := filepath.Walk(cache, func(path string, info os.FileInfo, err error) error {
		if err != nil || !info.Mode().IsRegular() || !strings.HasSuffix(path, "-d") {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		// Objects and archives only, because sources and listings may contain any name.
		isObject := bytes.HasPrefix(raw, []byte("!<arch>")) || bytes.HasPrefix(raw, []byte("\x7fELF"))
		if isObject && bytes.Contains(raw, []byte("\x00"+stockOnlySymbols[0]+"\x00")) {
			out = append(out, path)
		}
		return nil
	})
	return out, err
}
