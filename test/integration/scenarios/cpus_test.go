// SPDX-License-Identifier: BSD-3-Clause

package scenarios

import (
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// A cpu is one for which programs are built here by a cross compiler. An emulator runs them, or this machine.
type cpu struct {
	goarch, triple string
	emulator       string // "": this machine runs them
	modes          string // the build modes that Go has there, besides exe and static
	pageFaults     bool   // the kernel reports the page of an access that failed, not its address
	noGroups       bool   // in qemu 7.2, setgroups leaves no group there; so does stock
}

var cpus = []cpu{
	{goarch: "386", triple: "i686-linux-gnu", modes: "pie c-archive c-shared"},
	{goarch: "riscv64", triple: "riscv64-linux-gnu", emulator: "qemu-riscv64", modes: "pie c-archive c-shared"},
	{goarch: "arm", triple: "arm-linux-gnueabihf", emulator: "qemu-arm", modes: "pie c-archive c-shared"},
	{goarch: "s390x", triple: "s390x-linux-gnu", emulator: "qemu-s390x", modes: "pie c-archive c-shared",
		pageFaults: true, noGroups: true},
}

func (c cpu) env() string {
	return "GOARCH=" + c.goarch + "\nCC=" + c.triple + "-gcc\nCXX=" + c.triple + "-g++"
}

// words are the words that run a program.
func (c cpu) words(program string, args ...string) []string {
	if c.emulator == "" {
		return append([]string{program}, args...)
	}
	return append([]string{c.emulator, "-L", "/usr/" + c.triple, program}, args...)
}

// TestOtherCPUs builds in every mode for CPUs other than this machine's, and runs what it has built.
func TestOtherCPUs(t *testing.T) {
	if !withHeavy() {
		t.Skip("the standard library is compiled for it: make test-more")
	}
	needHere(t, "compilers for other CPUs")
	for _, c := range cpus {
		c := c
		t.Run(c.goarch, func(t *testing.T) {
			if _, err := exec.LookPath(c.triple + "-gcc"); err != nil {
				t.Skipf("needs %s-gcc, of the package gcc-%s", c.triple, c.triple)
			}
			if c.emulator != "" {
				need(t, c.emulator, "qemu-user")
			}
			each(t, func(t *testing.T, tc toolchain) { c.test(t, tc) })
		})
	}
}

func (c cpu) test(t *testing.T, tc toolchain) {
	do := func(program string, args ...string) outcome {
		return run(t, tc, nil, nil, c.words(program, args...)...)
	}
	do(build{program: "modes", side: ours, env: c.env()}.must(t, tc)).want(t, 0, "modes ok")
	// Go's own linker links a program without C of its own.
	do(build{program: "std", side: ours, flags: "-tags=netcgo", env: c.env()}.must(t, tc)).want(t, 0, "std ok")
	do(build{program: "modes", side: ours, flags: linkStatic, env: c.env()}.must(t, tc)).want(t, 0, "modes ok")
	if strings.Contains(c.modes, "pie") {
		do(build{program: "modes", side: ours, flags: "-buildmode=pie", env: c.env()}.must(t, tc)).want(t, 0, "modes ok")
	}
	for _, mode := range []string{"c-archive", "c-shared"} {
		if strings.Contains(c.modes, mode) {
			c.library(t, tc, mode)
		}
	}
	program := build{program: "cases", side: ours, env: c.env()}.must(t, tc)
	for _, name := range []string{"nest", "panic", "threads-key", "threads-started", "tb-context", "tb-stack",
		"sig-restart", "env"} {
		do(program, name).want(t, 0, "done "+name)
	}
	if isRoot() && !c.noGroups {
		do(program, "ids").want(t, 0, "done ids")
	}
	fault := "0x8"
	if c.pageFaults {
		fault = "0x0"
	}
	do(program, "crash-fault").died(t, syscall.SIGSEGV, "runtime/cgo: SIGSEGV: segmentation violation on thread ",
		"address "+fault+": nothing is mapped there\nC stack:\nfault_here(...)\n", "interpose.c:")
}

// library builds a library of Go code and a C program whose threads call Go before Go has started.
func (c cpu) library(t *testing.T, tc toolchain, mode string) {
	lib := archive(ours)
	if mode == "c-shared" {
		lib = shared(ours)
	}
	lib.env = c.env()
	file := lib.must(t, tc)
	program := host(t, tc, c.triple+"-gcc", "init_barrier", file, "-pthread", "-Wl,-rpath,"+filepath.Dir(file))
	run(t, tc, nil, nil, c.words(program)...).want(t, 0, "init barrier ok")
}
