// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"debug/elf"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// Words for the tables below.
const (
	linkExternal = "-ldflags=-linkmode=external"
	linkStatic   = "-ldflags=-linkmode=external -extldflags=-static"
	tsanFlags    = "CGO_CFLAGS=-g -O1 -fsanitize=thread\nCGO_LDFLAGS=-fsanitize=thread"
	asanFlags    = "CGO_CFLAGS=-g -O1 -fsanitize=address\nCGO_LDFLAGS=-fsanitize=address"
)

// A mode is one way to build a program.
type mode struct {
	name    string
	program string
	flags   string
	env     string
	tool    string // a command that it needs …
	pkg     string // … and the Debian package that has it
	// Whether the machine may lack the feature: then, if stock cannot build it either, the mode is skipped, with
	// stock's error.
	maybe bool
	// Whether much is compiled for it alone, such as the whole standard library: only with -all and by make test-more.
	heavy bool
}

var modes = []mode{
	{name: "exe", program: "modes"},
	{name: "pie", program: "modes", flags: "-buildmode=pie"},
	{name: "external", program: "modes", flags: linkExternal},
	{name: "internal", program: "modes", flags: "-ldflags=-linkmode=internal", maybe: true},
	{name: "internal-pie", program: "modes", flags: "-buildmode=pie\n-ldflags=-linkmode=internal", maybe: true},
	{name: "stripped", program: "modes", flags: "-ldflags=-s -w"},
	{name: "trimpath", program: "modes", flags: "-trimpath", heavy: true},
	{name: "unoptimized", program: "modes", env: "CGO_CFLAGS=-O0 -g"},
	{name: "size", program: "modes", env: "CGO_CFLAGS=-Os", heavy: true},
	{name: "packed", program: "packed", env: "CGO_CFLAGS=-O2 -g -fpack-struct=1"},
	{name: "static", program: "modes", flags: linkStatic},
	{name: "static-pie", program: "modes", flags: "-buildmode=pie\n-ldflags=-linkmode=external -extldflags=-static-pie",
		maybe: true},
	{name: "plain", program: "plain"},
	{name: "plain-pie", program: "plain", flags: "-buildmode=pie"},
	{name: "plain-external", program: "plain", flags: linkExternal},
	{name: "clang", program: "modes", env: "CC=clang", tool: "clang", pkg: "clang"},
	{name: "clang-pie", program: "modes", flags: "-buildmode=pie", env: "CC=clang", tool: "clang", pkg: "clang",
		heavy: true},
	{name: "musl-static", program: "modes", flags: linkStatic, env: "CC=musl-gcc", tool: "musl-gcc",
		pkg: "musl-tools"},
	{name: "musl", program: "modes", flags: linkExternal, env: "CC=musl-gcc", tool: "musl-gcc", pkg: "musl-tools"},
	{name: "race", program: "modes", flags: "-race", maybe: true},
	{name: "tsan-gcc", program: "modes", env: tsanFlags, maybe: true},
	{name: "tsan-clang", program: "modes", env: "CC=clang\n" + tsanFlags, tool: "clang", pkg: "clang", maybe: true,
		heavy: true},
	{name: "asan-gcc", program: "modes", flags: "-asan", maybe: true},
	{name: "asan-clang", program: "modes", flags: "-asan", env: "CC=clang", tool: "clang", pkg: "clang", maybe: true,
		heavy: true},
	{name: "asan-c-only", program: "modes", env: asanFlags, maybe: true, heavy: true},
	{name: "msan", program: "modes", flags: "-msan", env: "CC=clang", tool: "clang", pkg: "clang", maybe: true,
		heavy: true},
}

// Sanitized programs run with the addresses that old sanitizers expect and without a leak check: threads that Go never
// ends hold memory.
var sanitizerEnv = []string{"ASAN_OPTIONS=detect_leaks=0"}

func (m mode) run(t *testing.T, tc toolchain, s side) (outcome, error) {
	path, err := build{program: m.program, side: s, flags: m.flags, env: m.env}.try(tc)
	if err != nil {
		return outcome{}, err
	}
	words := []string{path}
	if m.maybe {
		need(t, "setarch", "util-linux")
		words = []string{"setarch", "-R", path}
	}
	return run(t, tc, nil, sanitizerEnv, words...), nil
}

// A program that does a little of everything, built in every way.
func TestBuildModes(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, m := range modes {
			m := m
			if m.heavy && !withHeavy() {
				continue
			}
			t.Run(m.name, func(t *testing.T) {
				t.Parallel()
				if m.tool != "" {
					needHere(t, "a compiler for this CPU")
					need(t, m.tool, m.pkg)
				}
				good := m.program + " ok"
				o, err := m.run(t, tc, ours)
				if err == nil && o.exit == 0 && strings.Contains(o.out, good) &&
					!strings.Contains(o.out, "Sanitizer") && !strings.Contains(o.out, "DATA RACE") {
					return
				}
				if m.maybe {
					s, stockErr := m.run(t, tc, stock)
					if (stockErr != nil) == (err != nil) && (stockErr != nil || s.exit != 0) {
						t.Skipf("stock cannot do it here either: %s%s", firstLines(stockErr), s.out)
					}
					t.Logf("stock: %v %v", stockErr, s)
				}
				t.Errorf("%v %v", err, o)
			})
		}
	})
}

func firstLines(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	if len(text) > 500 {
		text = text[:500]
	}
	return text
}

func TestPlugin(t *testing.T) {
	if !withHeavy() {
		t.Skip("the standard library is compiled for it: make test-more")
	}
	each(t, func(t *testing.T, tc toolchain) {
		plug := build{program: "plug", side: ours, flags: "-buildmode=plugin", output: "plug.so"}.must(t, tc)
		host := build{program: "plughost", side: ours}.must(t, tc)
		run(t, tc, nil, nil, host, plug, "Back").want(t, 0, "plugin ok")
		// Go code in a plugin is Go code: its faults are Go's, and C frames end before it.
		run(t, tc, nil, nil, host, plug, "Fault").want(t, 0, "true\n")
		o := run(t, tc, nil, nil, host, plug, "Crash")
		o.want(t, 2)
		o.shows(t, regexp.MustCompile(`(?m)^plug_crash\n\t\S*/plug\.c:\d+ pc=0x[0-9a-f]+\n`+
			`plug_outer\n\t\S*/plug\.c:\d+ pc=0x[0-9a-f]+\n`+
			`_cgo_\w+_Cfunc_plug_outer\n\t\S+ pc=0x[0-9a-f]+\n`+
			`runtime\.cgocall\(0x`))
	})
}

// muslStaticPIE are the flags of a static program of musl that relocates itself. musl-gcc does not know -static-pie: it
// would make a dynamic program.
func muslStaticPIE() string {
	crt := "/usr/lib/" + map[string]string{"amd64": "x86_64", "arm64": "aarch64"}[runtime.GOARCH] + "-linux-musl/"
	return "-buildmode=pie\n-ldflags=-linkmode=external -extldflags '-static -nostartfiles" +
		" -Wl,-pie,--no-dynamic-linker,-z,text " + crt + "rcrt1.o " + crt + "crti.o " + crt + "crtn.o'"
}

// wantStaticPIE fails if a program has a fixed address or an interpreter.
func wantStaticPIE(t *testing.T, program string) {
	f, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, segment := range f.Progs {
		if f.Type != elf.ET_DYN || segment.Type == elf.PT_INTERP {
			t.Fatalf("no static-pie: type %v, segment %v", f.Type, segment.Type)
		}
	}
}

// The cases on musl, whose threads, keys and signals differ from glibc's: static, static-pie and dynamic.
func TestMusl(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		need(t, "musl-gcc", "musl-tools")
		for form, flags := range map[string]string{"static": linkStatic, "static-pie": muslStaticPIE(), "dynamic": ""} {
			form, program := form, build{program: "cases", side: ours, flags: flags, env: "CC=musl-gcc"}
			t.Run(form, func(t *testing.T) {
				t.Parallel()
				if form == "static-pie" {
					wantStaticPIE(t, program.must(t, tc))
				}
				checkMusl(t, tc, program.must(t, tc))
			})
		}
	})
}

func checkMusl(t *testing.T, tc toolchain, program string) {
	for _, name := range []string{"nest", "panic", "threads", "threads-leak", "threads-key",
		"threads-small-stack", "threads-blocked", "threads-started", "tb-context", "tb-stack", "sig-notify",
		"sig-kernel", "sig-restart", "sig-segv-go", "env"} {
		run(t, tc, nil, nil, program, name).want(t, 0, "done "+name)
	}
	run(t, tc, nil, nil, program, "fork", "libc", "calls", "c").want(t, 0, forkMessage, "child: signal 6\n")
	run(t, tc, nil, nil, program, "fork", "libc", "ends-thread", "c").want(t, 0, "child: exit 0\n")
	if isRoot() {
		run(t, tc, nil, nil, program, "ids").want(t, 0, "done ids")
	}
}

// arm64, built here by the cross compiler and run by qemu.
func TestArm64(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		need(t, "aarch64-linux-gnu-gcc", "gcc-aarch64-linux-gnu libc6-dev-arm64-cross")
		qemu := "qemu-aarch64"
		if _, err := exec.LookPath(qemu); err != nil {
			qemu = "qemu-aarch64-static"
		}
		need(t, qemu, "qemu-user")
		env := "GOARCH=arm64\nCC=aarch64-linux-gnu-gcc"
		static := build{program: "modes", side: ours, flags: linkStatic, env: env}.must(t, tc)
		run(t, tc, nil, nil, qemu, static).want(t, 0, "modes ok")
		program := build{program: "cases", side: ours, env: env}.must(t, tc)
		for _, name := range []string{"nest", "panic", "threads-key", "threads-started", "tb-context", "tb-stack",
			"sig-restart", "env"} {
			run(t, tc, nil, nil, qemu, "-L", "/usr/aarch64-linux-gnu", program, name).want(t, 0, "done "+name)
		}
	})
}
