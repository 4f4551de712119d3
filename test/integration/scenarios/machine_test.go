// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test machine of test/vm/vm that runs the programs, if RCGO_VM names a running one. Programs are built here, for
// its CPU. Its $TMPDIR must be a directory that both see.
var machine = os.Getenv("RCGO_VM")

// On an emulated machine that shares its host's processors, programs take many times longer.
const machineSlowness = 6

// builtFor is the environment of a build for the machine's CPU; env takes precedence.
func builtFor(env []string) []string {
	switch strings.TrimSuffix(machine, "-16k") {
	case "arm64":
		return append([]string{"GOARCH=arm64", "CC=aarch64-linux-gnu-gcc", "CXX=aarch64-linux-gnu-g++"}, env...)
	}
	return env
}

// cCompiler is the compiler for C programs that the machine runs.
func cCompiler(cc string) string {
	for _, kv := range builtFor(nil) {
		if (cc == "gcc" || cc == "cc") && strings.HasPrefix(kv, "CC=") {
			return strings.TrimPrefix(kv, "CC=")
		}
	}
	return cc
}

// onMachine returns the words and the environment that run a program on the machine.
func onMachine(env, words []string) ([]string, []string) {
	vm, _ := filepath.Abs("../../vm/vm")
	names := []string{}
	for _, kv := range env {
		names = append(names, strings.SplitN(kv, "=", 2)[0])
	}
	if os.Getenv("RCGO") != "" {
		names = append(names, "RCGO")
	}
	seconds := int(machineSlowness * patience / time.Second)
	return append([]string{vm, machine, "exec"}, words...),
		append(env[:len(env):len(env)], "RCGO_VM_ENV="+strings.Join(names, " "), fmt.Sprint("RCGO_VM_TIMEOUT=", seconds))
}

// endedOnMachine takes the exit status of a shell apart.
func endedOnMachine(o *outcome) {
	if o.exit > 128 && o.exit < 128+65 {
		o.signal = syscall.Signal(o.exit - 128)
		o.exit = -1
		o.hung = o.hung || o.signal == syscall.SIGKILL
	}
}

// outputFile returns the path of a file that a program writes while signals interrupt it, for readOutput. The file
// system that a machine shares with this one loses such writes, so the file is in the machine's own.
func outputFile(t *testing.T, name string) string {
	dir := t.TempDir()
	if machine != "" {
		return "/tmp/" + strings.ReplaceAll(strings.Trim(dir, "/"), "/", "-") + "-" + name
	}
	return filepath.Join(dir, name)
}

func readOutput(t *testing.T, tc toolchain, file string) ([]byte, error) {
	if machine == "" {
		return os.ReadFile(file)
	}
	o := run(t, tc, nil, nil, "/bin/cat", file)
	if o.exit != 0 {
		return nil, fmt.Errorf("%v", o)
	}
	return []byte(o.out), nil
}

// needHere skips a test if it prepares the process, the files or the system of its program, and the program would run
// on another machine.
func needHere(t *testing.T, why string) {
	t.Helper()
	if machine != "" {
		t.Skipf("on this machine only: %s", why)
	}
}

// SVE at two vector lengths: the shortest and the longest of the processor.
func TestScalableVectors(t *testing.T) {
	if !strings.HasPrefix(machine, "arm64") {
		t.Skip("needs a machine with SVE: make vm-arm64")
	}
	each(t, func(t *testing.T, tc toolchain) {
		program := build{program: "sve", side: ours}.must(t, tc)
		for _, length := range []string{"16", "64", "256"} {
			o := run(t, tc, nil, []string{"GODEBUG=asyncpreemptoff=1", "RCGO=signals=full", "SVE_LENGTH=" + length},
				program)
			o.want(t, 0, "sve length "+length+":", ", 0 wrong", "sve ok")
		}
	})
}
