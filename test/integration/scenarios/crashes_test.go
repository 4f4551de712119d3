// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

const crashHead = "runtime/cgo: SIGSEGV: segmentation violation on thread "

// wantReports fails the test unless text has n complete reports of C threads, and nothing between their lines.
func wantReports(t *testing.T, text string, n int) {
	t.Helper()
	reports := strings.Split(text, crashHead)
	if len(reports) != n+1 {
		t.Errorf("want %d reports, got %d:\n%s", n, len(reports)-1, text)
		return
	}
	for _, r := range reports[1:] {
		lines := strings.Split(r, "\n")
		if len(lines) < 6 || !strings.HasPrefix(lines[1], "\taddress 0x8") || lines[2] != "C stack:" ||
			lines[3] != "crashes_fault(...)" || !strings.Contains(lines[4], "crashes.c:") {
			t.Errorf("not whole: %q in\n%s", r, text)
		}
	}
}

// Threads that crash at the same time get one report each, in sequence, and Go's report follows.
func TestCrashesTogether(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		for i := 0; i < 5; i++ {
			o := run(t, tc, nil, nil, program, "crashes", "3")
			if o.signal != syscall.SIGSEGV {
				t.Errorf("want death by SIGSEGV, got %v", o)
			}
			wantReports(t, o.out, 3)
			o = run(t, tc, nil, nil, program, "crashes", "3", "go")
			if at := strings.Index(o.out, "\ngoroutine "); at >= 0 && strings.Contains(o.out[at:], "runtime/cgo:") {
				t.Errorf("a report inside of Go's:\n%s", o.out)
			}
		}
	})
}

func TestCrashOutput(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		file := filepath.Join(t.TempDir(), "crash")
		check := func(t *testing.T, o outcome) {
			t.Helper()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if len(text) == 0 || string(text) != o.out {
				t.Errorf("in the file: %q\non standard error: %q", text, o.out)
			}
			os.Remove(file)
		}
		t.Run("file", func(t *testing.T) {
			o := run(t, tc, nil, []string{"RCGO=crash=" + file}, program, "crashes", "1")
			wantReports(t, o.out, 1)
			check(t, o)
		})
		t.Run("descriptor", func(t *testing.T) {
			o := run(t, tc, nil, []string{"RCGO=crash=fd:7"}, "/bin/sh", "-c", `exec "$0" crashes 1 7>"$1"`, program, file)
			wantReports(t, o.out, 1)
			check(t, o)
		})
		t.Run("not there", func(t *testing.T) {
			o := run(t, tc, nil, []string{"RCGO=crash=/nowhere/at/all"}, program, "crashes", "1")
			if !strings.Contains(o.out, "RCGO=crash=/nowhere/at/all cannot be opened") {
				t.Errorf("nothing said: %v", o)
			}
			wantReports(t, o.out, 1)
		})
		if tc.minor < 23 {
			return
		}
		t.Run("SetCrashOutput", func(t *testing.T) {
			o := run(t, tc, nil, nil, program, "crashes-output", file, "1")
			wantReports(t, o.out, 1)
			check(t, o)
		})
		t.Run("goroutine", func(t *testing.T) {
			o := run(t, tc, nil, []string{"RCGO=crash=" + file}, program, "crashes", "0", "go")
			o.want(t, 2, "goroutine 1")
			check(t, o)
		})
	})
}

// Where Go shows no stacks, a report has one line, and no address and no path.
func TestCrashIsBrief(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := cases(ours).must(t, tc)
		brief := func(t *testing.T, o outcome) {
			t.Helper()
			if !strings.HasPrefix(o.out, crashHead) || strings.Count(o.out, "\n") != 1 ||
				strings.Contains(o.out, "0x") || strings.Contains(o.out, "/home") {
				t.Errorf("want one line, got %v", o)
			}
		}
		for _, level := range []string{"none", "0"} {
			t.Run(level, func(t *testing.T) {
				brief(t, run(t, tc, nil, []string{"GOTRACEBACK=" + level}, program, "crashes", "1"))
			})
		}
		t.Run("single", func(t *testing.T) {
			wantReports(t, run(t, tc, nil, []string{"GOTRACEBACK=single"}, program, "crashes", "1").out, 1)
		})
		t.Run("setuid", func(t *testing.T) {
			needHere(t, "a program with the setuid bit")
			if !isRoot() {
				t.Skip("only root can give a program to another user")
			}
			dir, err := os.MkdirTemp("", "setuid")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(dir)
			code, err := os.ReadFile(program)
			if err != nil {
				t.Fatal(err)
			}
			privileged := filepath.Join(dir, "cases")
			if err := os.WriteFile(privileged, code, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(privileged, 0o755|os.ModeSetuid); err != nil {
				t.Fatal(err)
			}
			attr := &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			brief(t, run(t, tc, attr, []string{"GOTRACEBACK=all"}, privileged, "crashes", "1"))
		})
	})
}

// Standard error is a full pipe that nothing reads.
func TestCrashWithNobodyReading(t *testing.T) {
	needHere(t, "a pipe of the test")
	each(t, func(t *testing.T, tc toolchain) {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		// Fd makes the descriptor blocking again.
		fd := int(w.Fd())
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
		for full := false; !full; {
			_, err := syscall.Write(fd, make([]byte, 4096))
			full = err != nil
		}
		if err := syscall.SetNonblock(fd, false); err != nil {
			t.Fatal(err)
		}
		cmd := exec.Command(cases(ours).must(t, tc), "crashes", "2")
		cmd.Env = environ(tc)
		cmd.Stderr = w
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		timer := time.AfterFunc(patience/2, func() { cmd.Process.Kill() })
		defer timer.Stop()
		cmd.Wait()
		if s, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || s.Signal() != syscall.SIGSEGV {
			t.Errorf("want death by SIGSEGV, got %v", cmd.ProcessState)
		}
	})
}
