// SPDX-License-Identifier: BSD-3-Clause
// Builds each artifact that is not a program by itself, looks inside for runtime/cgo, and uses
// it from C or Go.
package artifacts

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// wantRuntime is "ours" or "stock": which runtime/cgo the environment's go command must build in.
var wantRuntime = os.Getenv("CONFORMANCE_RUNTIME")

func run(t *testing.T, env []string, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func cc() string {
	if c := os.Getenv("CC"); c != "" {
		return c
	}
	return "cc"
}

// checkRuntime looks at the symbols of an ELF file.
func checkRuntime(t *testing.T, path string) {
	t.Helper()
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	syms, err := f.Symbols()
	if err != nil {
		t.Fatal(err)
	}
	runtime := "none"
	for _, s := range syms {
		if strings.HasPrefix(s.Name, "rcgo__") {
			runtime = "ours"
		} else if s.Name == "_cgo_try_pthread_create" {
			runtime = "stock"
		}
	}
	if runtime != wantRuntime {
		t.Errorf("%s contains the runtime/cgo %q, want %q", filepath.Base(path), runtime, wantRuntime)
	}
}

func TestArchive(t *testing.T) {
	dir := t.TempDir()
	lib, exe := filepath.Join(dir, "lib.a"), filepath.Join(dir, "user")
	run(t, nil, "go", "build", "-buildmode=c-archive", "-o", lib, "./lib")
	run(t, nil, cc(), "-DLINKED", "-o", exe, "user/user.c", lib, "-lpthread", "-ldl")
	checkRuntime(t, exe)
	if out := run(t, []string{"LIB_PROOF=yes"}, exe); out != "8 1" {
		t.Errorf("the program says %q", out)
	}
}

func TestShared(t *testing.T) {
	dir := t.TempDir()
	lib := filepath.Join(dir, "lib.so")
	run(t, nil, "go", "build", "-buildmode=c-shared", "-o", lib, "./lib")
	checkRuntime(t, lib)
	t.Run("linked", func(t *testing.T) {
		exe := filepath.Join(dir, "linked")
		run(t, nil, cc(), "-DLINKED", "-o", exe, "user/user.c", lib, "-lpthread", "-ldl", "-Wl,-rpath,"+dir)
		if out := run(t, []string{"LIB_PROOF=yes"}, exe); out != "8 1" {
			t.Errorf("the program says %q", out)
		}
	})
	t.Run("opened", func(t *testing.T) {
		exe := filepath.Join(dir, "opened")
		run(t, nil, cc(), "-o", exe, "user/user.c", "-lpthread", "-ldl")
		if out := run(t, []string{"LIB_PROOF=yes"}, exe, lib); out != "8 1" {
			t.Errorf("the program says %q", out)
		}
	})
}

func TestPlugin(t *testing.T) {
	dir := t.TempDir()
	plug, host := filepath.Join(dir, "plug.so"), filepath.Join(dir, "host")
	run(t, nil, "go", "build", "-buildmode=plugin", "-o", plug, "./plug")
	run(t, nil, "go", "build", "-o", host, "./host")
	checkRuntime(t, host)
	if out := run(t, nil, host, plug); out != "42" {
		t.Errorf("the host says %q", out)
	}
}
