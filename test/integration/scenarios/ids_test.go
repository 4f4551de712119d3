// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"os/exec"
	"syscall"
	"testing"
)

// Identity, for every thread of the process; see testdata/cases/ids.go.
func TestIdentity(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		t.Run("root", func(t *testing.T) {
			if !isRoot() {
				t.Skip("only root can become another user")
			}
			runCase(t, tc, "ids")
		})
		t.Run("denied", func(t *testing.T) {
			var attr *syscall.SysProcAttr
			if isRoot() {
				attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			}
			o := run(t, tc, attr, nil, cases(ours).must(t, tc), "ids-denied")
			o.want(t, 0, "done ids-denied")
		})
	})
}

// Sanitizers interpose functions of libc. They must see the calls that Go makes through libc.
func TestIdentityUnderSanitizers(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		need(t, "setarch", "util-linux")
		need(t, "clang", "clang")
		for _, b := range []build{{flags: "-race"}, {flags: "-asan"}, {flags: "-msan", env: "CC=clang"}} {
			if b.flags == "-msan" && !withHeavy() {
				continue
			}
			b := b
			b.program = "cases"
			t.Run(b.flags, func(t *testing.T) {
				b.side = ours
				program, err := b.try(tc)
				if err != nil {
					b.side = stock
					if _, stockErr := b.try(tc); stockErr != nil {
						t.Skipf("stock cannot do it here either: %s", firstLines(stockErr))
					}
					t.Fatal(err)
				}
				for _, name := range []string{"ids", "ids-denied", "env"} {
					var attr *syscall.SysProcAttr
					if isRoot() && name == "ids-denied" {
						attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
					}
					if !isRoot() && name == "ids" {
						continue
					}
					o := run(t, tc, attr, sanitizerEnv, "setarch", "-R", program, name)
					o.want(t, 0, "done "+name)
					o.lacks(t, "Sanitizer")
					o.lacks(t, "DATA RACE")
				}
			})
		}
	})
}

// A library in LD_PRELOAD replaces libc's identity calls: one of our own, and fakeroot.
func TestIdentityIsFaked(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		var attr *syscall.SysProcAttr
		if isRoot() {
			attr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		program := cases(ours).must(t, tc)
		t.Run("library", func(t *testing.T) {
			lib := host(t, tc, "gcc", "fakeid", "-shared", "-fPIC")
			o := run(t, tc, attr, []string{"LD_PRELOAD=" + lib}, program, "ids-faked")
			o.want(t, 0, "faked setgroups", "faked setegid", "faked setgid", "faked setregid", "faked setresgid",
				"faked seteuid", "faked setuid", "faked setreuid", "faked setresuid", "done ids-faked")
		})
		t.Run("fakeroot", func(t *testing.T) {
			fakeroot, err := exec.LookPath("fakeroot")
			if err != nil {
				t.Skip("no fakeroot")
			}
			run(t, tc, attr, nil, fakeroot, program, "ids-faked").want(t, 0, "done ids-faked")
		})
	})
}

// The environment that C sees.
func TestEnvironment(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) { runCase(t, tc, "env") })
}

// C reads its environment while Go changes it (golang/go#63567).
func TestEnvironmentStress(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		runCase(t, tc, "env-stress")
		// Stock crashes here in most runs; how long that takes varies.
		o := run(t, tc, nil, nil, cases(stock).must(t, tc), "env-stress")
		t.Logf("stock: exit status %d, signal %v", o.exit, o.signal)
	})
}

// Neither Go's changes nor unchanged variables are lost while C makes changes of its own. Most failures would occur in
// the first moments of a process.
func TestEnvironmentChangedByBoth(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for i := 0; i < 8; i++ {
			runCase(t, tc, "env-stress-writer", "0.25")
		}
	})
}

// A million new values would take 97 MiB with glibc, and grow further.
func TestEnvironmentMemory(t *testing.T) {
	version, _ := exec.Command("getconf", "GNU_LIBC_VERSION").Output()
	minor := 0
	if _, err := fmt.Sscanf(string(version), "glibc 2.%d", &minor); err == nil && minor >= 41 {
		t.Skip("this libc keeps its environment itself")
	}
	each(t, func(t *testing.T, tc toolchain) {
		o := runCase(t, tc, "env-growth", "1000000")
		kib := 0
		if _, err := fmt.Sscanf(o.out, "grew by %d KiB", &kib); err != nil {
			t.Fatalf("%v: %v", err, o)
		}
		if kib > 64<<10 {
			t.Errorf("%d KiB", kib)
		}
	})
}
