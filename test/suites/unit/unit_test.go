// SPDX-License-Identifier: BSD-3-Clause

// Package unit runs the C unit tests that `make unit` has built. Each program is a subtest
// VARIANT/PROGRAM, and each test in it a subtest of that.
//
// Where RCGO_VM names a test machine of test/vm/vm that is up, it runs the programs of its CPU, and no
// others run.
package unit

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"runtime_cgo/test/internal/suite"
)

const timeLimit = 3 * time.Minute // for one program, on a machine with other work

// The environment of the programs. The emulator's allocator does not know MALLOC_PERTURB_. On arm64, its default
// algorithm of pointer authentication takes three quarters of the time.
var (
	environment = []string{"CMOCKA_MESSAGE_OUTPUT=TAP", "TSAN_OPTIONS=die_after_fork=0", "MALLOC_PERTURB_=165"}
	emulated    = append(environment[:2:2], "UNIT_EMULATED=1", "MALLOC_PERTURB_=")
	machine     = os.Getenv("RCGO_VM")
)

// The triples of the CPUs whose programs report by unit_tap.c; the others report by cmocka.
var triples = map[string]string{"arm64": "aarch64-linux-gnu", "386": "i686-linux-gnu",
	"riscv64": "riscv64-linux-gnu", "s390x": "s390x-linux-gnu"}

// emulator is the program that runs a variant's programs; "" if this machine does.
func emulator(variant string) string {
	if triples[variant] == "" || variant == runtime.GOARCH || variant == "386" && runtime.GOARCH == "amd64" {
		return ""
	}
	return "qemu-" + strings.SplitN(triples[variant], "-", 2)[0]
}

// A machine that is emulated whole runs a program up to eight times slower, ten when the host is busy.
const machineSlowness = 8

func TestUnit(t *testing.T) {
	programs, _ := filepath.Glob(filepath.Join(suite.Root(t), "build/test/unit/*/test_*[a-z0-9]"))
	tests := 0
	for _, program := range programs {
		variant := filepath.Base(filepath.Dir(program))
		if filepath.Ext(program) != "" || machine == "" && !canRun(variant) ||
			machine != "" && variant != strings.TrimSuffix(machine, "-16k") {
			continue
		}
		tests++
		program := program
		t.Run(variant+"/"+filepath.Base(program), func(t *testing.T) {
			t.Parallel()
			run(t, variant, program)
		})
	}
	if tests == 0 {
		t.Fatal("nothing is built: run make unit")
	}
}

func TestEmulator(t *testing.T) {
	if !canRun("arm64") {
		t.Skip("the arm64 variant needs gcc-aarch64-linux-gnu and qemu-user")
	}
}

func canRun(variant string) bool {
	if emulator(variant) == "" {
		return true
	}
	_, err := exec.LookPath(emulator(variant))
	return err == nil
}

func run(t *testing.T, variant, program string) {
	argv, env, timeLimit := []string{program}, environment, timeLimit
	if machine != "" {
		argv = []string{"test/vm/vm", machine, "exec", program}
		timeLimit *= machineSlowness
		env = append(environment[:len(environment):len(environment)], "RCGO_VM_ENV=UNIT_SLOWNESS MALLOC_PERTURB_",
			fmt.Sprint("UNIT_SLOWNESS=", machineSlowness), fmt.Sprint("RCGO_VM_TIMEOUT=", timeLimit.Seconds()))
	} else if e := emulator(variant); e != "" {
		argv = []string{e, "-L", "/usr/" + triples[variant], program}
		env = emulated
		if variant == "arm64" {
			env = append(emulated[:len(emulated):len(emulated)], "QEMU_CPU=max,pauth-impdef=on")
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), timeLimit)
	defer cancel()
	cmd := exec.CommandContext(limit, argv[0], argv[1:]...)
	like := suite.Command(t, env, argv[0])
	cmd.Dir, cmd.Env = like.Dir, like.Env
	var tap suite.TAP
	if triples[variant] == "" {
		tap = suite.TAP{Skipped: skipped, TextBefore: true}
	}
	tap.Run(t, cmd)
	if limit.Err() != nil {
		t.Errorf("killed after %v", timeLimit)
	}
}

var reason = regexp.MustCompile(`(?m)^skipped: (.*)$`)

// cmocka writes "ok N # SKIP NAME" (before 1.1.7 "not ok"). The reason is in a line before it.
func skipped(name, after, before string) (string, string) {
	if m := reason.FindAllStringSubmatch(before, -1); m != nil {
		return strings.TrimSpace(name + after), m[len(m)-1][1]
	}
	return strings.TrimSpace(name + after), ""
}
