// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// side selects the runtime/cgo of a program.
type side string

const (
	ours  side = "ours"
	stock side = "stock"
)

// A build is one way to build one program. Equal builds are made once.
type build struct {
	program string // a directory of testdata
	side    side
	flags   string // of go build, separated by newlines
	env     string // KEY=VALUE, separated by newlines
	output  string // file name, if different from the program's
}

type built struct {
	once sync.Once
	path string
	err  error
}

var (
	workDir   string
	builtLock sync.Mutex
	builtAll  = map[string]*built{}
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "rcgo-scenarios-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	// Programs that have given up root's rights must be able to read the directory.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	workDir = dir
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

// once returns what make made for key. It calls make at the first use, with a new directory; make returns the path of
// its result.
func once(key string, make func(dir string) (string, error)) (string, error) {
	builtLock.Lock()
	b := builtAll[key]
	if b == nil {
		b = &built{}
		builtAll[key] = b
	}
	number := len(builtAll)
	builtLock.Unlock()
	b.once.Do(func() {
		slots <- struct{}{}
		defer func() { <-slots }()
		dir := filepath.Join(workDir, fmt.Sprint(number))
		if b.err = os.Mkdir(dir, 0o755); b.err == nil {
			b.path, b.err = make(dir)
		}
	})
	return b.path, b.err
}

// try builds a program and returns its path.
func (b build) try(tc toolchain) (string, error) {
	return once(fmt.Sprint("go ", b, tc.root), func(dir string) (string, error) {
		command := filepath.Join(tc.root, "bin", "go")
		if b.side == ours {
			var err error
			if command, err = filepath.Abs(*rcgoPath); err != nil {
				return "", err
			}
		}
		output := b.output
		if output == "" {
			output = b.program
		}
		output = filepath.Join(dir, output)
		args := append([]string{"build", "-o", output}, lines(b.flags)...)
		cmd := exec.Command(command, append(args, "./testdata/"+b.program)...)
		cmd.Env = environ(tc, append([]string{"GOFLAGS=-buildvcs=false"}, builtFor(lines(b.env))...)...)
		if strings.Contains(b.flags, "-race") && tc.minor >= 21 {
			// The tests of the Go module have compiled the standard library with these two already.
			cmd.Env = append(cmd.Env, "GOEXPERIMENT=cgocheck2")
		}
		out, err := cmd.CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%s %s: %v\n%s", command, strings.Join(cmd.Args[1:], " "), err, out)
		}
		return output, nil
	})
}

// must builds a program or fails the test.
func (b build) must(t *testing.T, tc toolchain) string {
	t.Helper()
	path, err := b.try(tc)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func lines(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, "\n")
}

// host compiles a C program of testdata/hosts together with args: libraries and flags.
func host(t *testing.T, tc toolchain, cc, name string, args ...string) string {
	t.Helper()
	path, err := once(fmt.Sprint("cc ", cc, name, args), func(dir string) (string, error) {
		output := filepath.Join(dir, name)
		all := append([]string{"-O1", "-g", "-Wall", "-Werror", "-o", output, "testdata/hosts/" + name + ".c"},
			args...)
		out, err := exec.Command(cCompiler(cc), all...).CombinedOutput()
		if err != nil {
			return "", fmt.Errorf("%s %s: %v\n%s", cc, strings.Join(all, " "), err, out)
		}
		return output, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return path
}
