// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"testing"
)

// cFrames returns the C functions of a report: of Go's, or of ours for a thread that Go does not know.
func cFrames(o outcome) string {
	var names []string
	if i := strings.Index(o.out, "C stack:\n"); i >= 0 {
		for _, line := range strings.Split(o.out[i+len("C stack:\n"):], "\n") {
			if line == "" || strings.HasPrefix(line, "SIG") || strings.HasPrefix(line, "fatal") {
				break
			}
			if !strings.HasPrefix(line, "\t") {
				name, _, _ := strings.Cut(line, "(...)")
				names = append(names, name)
			}
		}
		return strings.Join(names, "\n") + "\n"
	}
	for _, m := range regexp.MustCompile(`(?m)^([\w:<\[].*)\n\t(?:\S+:\d+ )?pc=0x`).FindAllStringSubmatch(o.out, -1) {
		names = append(names, m[1])
	}
	return strings.Join(names, "\n") + "\n"
}

// How a program ends after a crash on a Go thread, and on a thread that Go does not know.
var status = map[string]int{"go": 2, "thread": -1}

var nocfiFlags = map[string]string{
	"O2": "", "frame pointers": "CGO_CFLAGS=-O2 -g -fno-omit-frame-pointer", "O0": "CGO_CFLAGS=-O0 -g",
}

// Assembly without unwind information does not hide its C callers, however it was called and whatever it did to the
// stack; nor do calls of addresses that are no code.
func TestFramesWithoutCFI(t *testing.T) {
	if runtime.GOARCH != "amd64" || machine != "" {
		t.Skip("the functions are for amd64")
	}
	each(t, func(t *testing.T, tc toolchain) {
		for name, env := range nocfiFlags {
			name, env := name, env
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				exe := build{program: "nocfi", side: ours, env: env}.must(t, tc)
				for _, how := range []string{"direct", "pointer"} {
					for _, kernel := range strings.Fields("push spoilt align room frame leaf outer") {
						for _, where := range []string{"go", "thread"} {
							o := run(t, tc, nil, nil, exe, where, how+"-"+kernel)
							o.want(t, status[where])
							want := fmt.Sprintf("nc_%s\nnc_%s\nnc_caller\nrun_case\n", kernel, how)
							if kernel == "outer" {
								want = "nc_push\n" + want
							}
							if got := cFrames(o); !strings.HasPrefix(got, want) {
								t.Errorf("%s %s-%s: got\n%s\nwant first\n%s", where, how, kernel, got, want)
							}
						}
					}
				}
			})
		}
	})
}

// What a crash report must say beside the frames.
func TestFramesMarks(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := build{program: "nocfi", side: ours}.must(t, tc)
		deep := strings.Repeat("d", 199)
		for _, c := range []struct{ name, want string }{
			{"null", `^\[call of NULL\]\nnc_call\nrun_case\n`},
			{"data", `^\[call of data: nocfi\+0x[0-9a-f]+\]\nnc_call\nrun_case\n`},
			{"wild", `^\[call of 0xdead000, which is not code\]\nnc_call\nrun_case\n`},
			{"handler", `^nc_handler\n<signal handler called>\n(.*\n)*nc_raise\nrun_case\n`},
			{"smash", `^nc_smash\n(.*\n)*\[the C stack is lost here\]\n`},
			{deep, ``},
		} {
			c := c
			for _, where := range []string{"go", "thread"} {
				where := where
				t.Run(where+" "+c.name[:4], func(t *testing.T) {
					t.Parallel()
					o := run(t, tc, nil, nil, exe, where, c.name)
					o.want(t, status[where])
					want := c.want
					if want == "" && where == "go" {
						// 32 frames of 202 or more; the number depends on how the outermost
						// were compiled.
						want = `^(nc_deep\n){21}\[1[78]\d frames elided\]\n(nc_deep\n)+nc_root\nrun_case\n`
					} else if want == "" {
						want = `^(nc_deep\n){200}nc_root\nrun_case\nrun\n`
					}
					if got := cFrames(o); !regexp.MustCompile(want).MatchString(got) {
						t.Errorf("got\n%s\nwant %s\n%v", got, want, o)
					}
				})
			}
		}
	})
}

// Go's report at SIGQUIT shows the C frames of each goroutine that is in C, whichever thread got the signal.
func TestFramesQuit(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		o := run(t, tc, nil, nil, build{program: "nocfi", side: ours}.must(t, tc), "stuck")
		o.want(t, 2, "SIGQUIT")
		found := regexp.MustCompile(`(?m)^wait_reply\n\t.*\nfetch\n\t.*\n(?:_cgo_.*\n\t.*\n)?runtime\.cgocall\(`)
		if n := len(found.FindAllString(o.out, -1)); n != 3 {
			t.Errorf("%d goroutines with their C frames, want 3:\n%v", n, o)
		}
		o = run(t, tc, nil, []string{"RCGO=traceback=off"}, build{program: "nocfi", side: ours}.must(t, tc), "stuck")
		o.want(t, 2, "SIGQUIT")
		o.lacks(t, "wait_reply\n")
	})
}

// RCGO=dump=SIGNAL writes the threads that are in C, and the program continues. Without it, the signal has its stock
// effect.
func TestFramesDump(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := build{program: "nocfi", side: ours}.must(t, tc)
		o := run(t, tc, nil, []string{"RCGO=dump=SIGUSR2"}, exe, "dumped")
		o.want(t, 0, "still there", " threads in C, ")
		found := regexp.MustCompile(`(?m)^thread \d+ "[^"\n]*" \[(?:futex|running|running; the signal of this dump interrupted it)\]:\n(?:[^\n]+\n)*wait_reply\(\.\.\.\)\n\t.*\nfetch\(\.\.\.\)\n`)
		if n := len(found.FindAllString(o.out, -1)); n != 3 {
			t.Errorf("%d threads with their C frames, want 3:\n%v", n, o)
		}
		// A thread that C made and that runs gets the signal of the dump.
		if !regexp.MustCompile(`(?m)^thread \d+ "[^"\n]*" \[running\]:\nspin\(\.\.\.\)\n\t.*\nspin_thread\(`).MatchString(o.out) {
			t.Errorf("the thread that runs is not shown:\n%v", o)
		}
		file := outputFile(t, "dump")
		o = run(t, tc, nil, []string{"RCGO=dump=SIGUSR2:" + file}, exe, "dumped", file)
		o.want(t, 0, "still there")
		o.lacks(t, "threads in C")
		text, _ := readOutput(t, tc, file)
		if n := len(found.FindAllString(string(text), -1)); n != 3 {
			t.Errorf("%d threads with their C frames in the file, want 3:\n%s", n, text)
		}
		o = run(t, tc, nil, []string{"RCGO=dump=SIGSEGV"}, exe, "undumped")
		o.want(t, 0, "still there", "RCGO has an option or value that is not known", "dump=SIGNAL")
		o.lacks(t, "threads in C")
	})
}

// The report of a crash in JSON: of threads of C and of C code that Go called.
func TestFramesJSON(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := build{program: "nocfi", side: ours}.must(t, tc)
		for _, where := range []string{"go", "thread"} {
			file := outputFile(t, "crash.json")
			all := where == "thread"
			option := map[bool]string{false: "json:", true: "json:all:"}[all]
			run(t, tc, nil, []string{"RCGO=crash=" + option + file}, exe, where, "null").want(t, status[where])
			text, err := readOutput(t, tc, file)
			if err != nil {
				t.Fatal(err)
			}
			var report struct {
				Format, Signal, Address, Build string
				ThreadOf                       string `json:"thread_of"`
				Pid, Thread                    int
				Frames                         []struct {
					PC, Function, File, Module string
					BuildID                    string `json:"build_id"`
					Line                       int
				}
				Threads []struct {
					Thread int
					Name   string `json:"thread_name"`
					State  string
					Frames []struct{ Function string }
				}
			}
			if err := json.Unmarshal(text, &report); err != nil || bytes.Count(text, []byte("\n")) != 1 {
				t.Fatalf("not one line of JSON: %v\n%s", err, text)
			}
			if report.Format != "rcgo-crash-1" || report.Signal != "SIGSEGV" || report.Address != "0x0" ||
				report.Pid == 0 || report.Thread == 0 || (report.ThreadOf == "C") != (where == "thread") ||
				!strings.HasPrefix(report.Build, "runtime_cgo version=") {
				t.Errorf("%s: %s", where, text)
			}
			if len(report.Frames) < 3 || report.Frames[0].Function != "[call of NULL]" {
				t.Fatalf("%s: %s", where, text)
			}
			// The goroutine that waits for the thread which crashes is in C.
			waits := 0
			for _, th := range report.Threads {
				for _, f := range th.Frames {
					if f.Function == "run_on_thread" && th.State == "futex" && th.Thread != report.Thread {
						waits++
					}
				}
			}
			if waits != map[bool]int{true: 1}[all] || (len(report.Threads) > 0) != all {
				t.Errorf("%s: %s", where, text)
			}
			f := report.Frames[1]
			if f.Function != "nc_call" || !strings.HasSuffix(f.File, "nocfi.c") || f.Line == 0 ||
				f.Module != exe || len(f.BuildID) < 16 || !strings.HasPrefix(f.PC, "0x") {
				t.Errorf("%s: %+v", where, f)
			}
		}
	})
}
