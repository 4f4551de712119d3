// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// frames is a program without traceback functions of its own.
func frames(s side, flags ...string) build {
	return build{program: "frames", side: s, flags: strings.Join(flags, "\n")}
}

// at returns file:line of the line with this mark in frames.c.
func at(t *testing.T, mark string) string {
	t.Helper()
	text, err := os.ReadFile("testdata/frames/frames.c")
	if err != nil {
		t.Fatal(err)
	}
	for i, line := range strings.Split(string(text), "\n") {
		if strings.HasSuffix(line, "// line: "+mark) {
			return fmt.Sprintf("/frames.c:%d", i+1)
		}
	}
	t.Fatalf("no line of frames.c is marked %q", mark)
	return ""
}

// chain returns what a Go report prints of C functions: name and place, one below the other.
func chain(t *testing.T, leaf string) *regexp.Regexp {
	t.Helper()
	return regexp.MustCompile(`(?m)^fr_inlined\n\t\S*` + regexp.QuoteMeta(at(t, leaf)) + ` pc=0x[0-9a-f]+\n` +
		`fr_middle\n\t\S*` + regexp.QuoteMeta(at(t, "inlined")) + ` pc=0x[0-9a-f]+\n` +
		`fr_outer\n\t\S*` + regexp.QuoteMeta(at(t, "middle")) + ` pc=0x[0-9a-f]+\n`)
}

// shows fails the test unless the program printed each text, in this order.
func (o outcome) shows(t *testing.T, texts ...*regexp.Regexp) {
	t.Helper()
	rest := o.out
	for _, text := range texts {
		m := text.FindStringIndex(rest)
		if m == nil {
			t.Errorf("output lacks, in this place, %v:\n%v", text, o)
			return
		}
		rest = rest[m[1]:]
	}
}

var (
	goCaller = regexp.MustCompile(`(?m)^main\._Cfunc_fr_outer\(`)
	goStub   = regexp.MustCompile(`(?m)^frGo\n\t\S*_cgo_export\.c:\d+ pc=0x`)
	anyC     = regexp.MustCompile(`(?m)^fr_(inlined|middle|outer)$`)
)

// After a crash in C, the C functions are shown with file and line, and then Go's.
func TestFramesCrash(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := frames(ours).must(t, tc)
		for _, c := range []struct{ name, first, leaf string }{
			{"segv", "SIGSEGV|signal arrived|unexpected signal", "segv"},
			{"abort", "SIGABRT", "abort"},
		} {
			c := c
			t.Run(c.name, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, nil, exe, c.name)
				o.want(t, 2)
				o.shows(t, regexp.MustCompile(c.first), chain(t, c.leaf), goCaller)
			})
		}
		t.Run("off", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, []string{"RCGO=traceback=off"}, exe, "segv")
			o.want(t, 2)
			if anyC.MatchString(o.out) {
				t.Errorf("C frames, though they are off:\n%v", o)
			}
		})
		t.Run("without", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, frames(ours, "--without=traceback").must(t, tc), "segv")
			o.want(t, 2)
			if anyC.MatchString(o.out) {
				t.Errorf("C frames, though the program has none:\n%v", o)
			}
			o = run(t, tc, nil, nil, frames(ours, "--without=traceback").must(t, tc), "backtrace")
			o.want(t, 0, "no rcgo_backtrace\n")
		})
		t.Run("stock", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, frames(stock).must(t, tc), "backtrace")
			o.want(t, 0, "no rcgo_backtrace\n")
		})
	})
}

// With contexts on, C below Go below C is shown at each level.
func TestFramesContexts(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		both := map[string]string{
			"by the environment": frames(ours).must(t, tc),
			"by the build":       frames(ours, "--with=contexts").must(t, tc),
		}
		for how, exe := range both {
			env := []string{}
			if how == "by the environment" {
				env = append(env, "RCGO=contexts=on")
			}
			exe := exe
			t.Run("chain "+how, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, env, exe, "chain")
				o.want(t, 2)
				o.shows(t, chain(t, "segv"), goCaller, goStub, chain(t, "call go"), goCaller)
			})
		}
		exe := both["by the environment"]
		on := []string{"RCGO=contexts=on"}
		for _, name := range []string{"stack", "panics"} {
			name := name
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, on, exe, name)
				o.want(t, 0, "done "+name)
				o.shows(t, goStub, chain(t, "call go"), goCaller)
				if n := strings.Count(o.out, "fr_outer\n"); n != 1 {
					t.Errorf("%d times fr_outer, want 1:\n%v", n, o)
				}
			})
		}
		t.Run("goroutines", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, on, exe, "goroutines")
			o.want(t, 0, "frGo+0x", "fr_inlined+0x", at(t, "call go"), "fr_middle+0x", "fr_outer+0x")
		})
		t.Run("many", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, on, exe, "many")
			o.want(t, 0, "many done")
		})
		t.Run("off", func(t *testing.T) {
			t.Parallel()
			o := run(t, tc, nil, nil, exe, "stack")
			o.want(t, 0)
			if anyC.MatchString(o.out) {
				t.Errorf("C frames of a context, though contexts are off:\n%v", o)
			}
		})
	})
}

// C code of the program prints its own stack by the public functions.
func TestFramesPublic(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := frames(ours).must(t, tc)
		for name, leaf := range map[string]string{"backtrace": "fr_backtrace", "handler": "fr_handler"} {
			name, leaf := name, leaf
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, nil, exe, name)
				o.want(t, 0)
				o.shows(t, regexp.MustCompile(`(?m)^frame `+leaf+` \S*/frames\.c:\d+\n`+
					`frame fr_inlined \S*/frames\.c:\d+ inlined\n`+
					`frame fr_middle \S*`+regexp.QuoteMeta(at(t, "inlined"))+`\n`+
					`frame fr_outer \S*`+regexp.QuoteMeta(at(t, "middle"))+`\n`))
				if name == "backtrace" {
					o.shows(t, regexp.MustCompile(regexp.QuoteMeta(at(t, "backtrace"))+`\n`))
				}
				o.lacks(t, "runtime.")
			})
		}
	})
}

// pprofTop returns the output of `go tool pprof -top` for a profile, by the names that are in it.
func pprofTop(t *testing.T, tc toolchain, exe, profile string) string {
	t.Helper()
	cmd := exec.Command(filepath.Join(tc.root, "bin", "go"), "tool", "pprof", "-top", "-nodecount=100000",
		"-symbolize=none", exe, profile)
	cmd.Env = environ(tc, "PPROF_TMPDIR="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go tool pprof: %v\n%s", err, out)
	}
	return string(out)
}

// The least share of the samples, in percent, of a function that does all the work. On an emulated machine the start of
// the program and the writer of the profile take longer.
var leastShare = map[bool]float64{false: 90, true: 40}[machine != ""]

// share returns the cumulative share of a function in the output of pprof -top, in percent.
func share(top, function string) float64 {
	m := regexp.MustCompile(`(?m)\s([\d.]+)%\s+` + regexp.QuoteMeta(function) + `( \(inline\))?$`).FindStringSubmatch(top)
	var percent float64
	if m != nil {
		_, _ = fmt.Sscan(m[1], &percent)
	}
	return percent
}

// A CPU profile names C functions, inlined ones too, on Go threads and C threads.
func TestFramesProfile(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := frames(ours).must(t, tc)
		for name, caller := range map[string]string{
			"profile":        "main._Cfunc_fr_outer",
			"profile-thread": "fr_thread",
		} {
			name, caller := name, caller
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "cpu")
				o := run(t, tc, nil, nil, exe, name, file, "1000")
				o.want(t, 0, "done "+name)
				top := pprofTop(t, tc, exe, file)
				for _, function := range []string{"fr_busy", "fr_inlined", "fr_middle", "fr_outer", caller} {
					if share(top, function) < leastShare {
						t.Errorf("%s has %v%% of the samples, want more:\n%s", function, share(top, function), top)
					}
				}
				if !regexp.MustCompile(`fr_inlined \(inline\)`).MatchString(top) {
					t.Errorf("fr_inlined is not marked as inlined:\n%s", top)
				}
			})
		}
	})
}

// A C thread with a small signal stack: unwinding must not overflow it, and may only be cut short.
func TestFramesSmallStack(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		exe := frames(ours).must(t, tc)
		t.Run("signal", func(t *testing.T) {
			t.Parallel()
			run(t, tc, nil, nil, exe, "small-stack").want(t, 0, "done small-stack")
		})
		t.Run("profile", func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "cpu")
			o := run(t, tc, nil, nil, exe, "profile-small-stack", file, "500")
			o.want(t, 0, "done profile-small-stack")
			if top := pprofTop(t, tc, exe, file); share(top, "fr_busy") < leastShare {
				t.Errorf("fr_busy has %v%% of the samples, want more:\n%s", share(top, "fr_busy"), top)
			}
		})
	})
}

// C++ that throws and catches during a profile: unwinding starts inside the unwinder of the exception.
func TestFramesThrow(t *testing.T) {
	need(t, "g++", "g++")
	each(t, func(t *testing.T, tc toolchain) {
		exe := build{program: "exceptions", side: ours}.must(t, tc)
		for _, hz := range []string{"100", "1000"} {
			hz := hz
			t.Run(hz, func(t *testing.T) {
				t.Parallel()
				file := filepath.Join(t.TempDir(), "cpu")
				o := run(t, tc, nil, nil, exe, "3000", hz, file)
				o.want(t, 0, "true caught")
				if top := pprofTop(t, tc, exe, file); share(top, "exceptions") < leastShare {
					t.Errorf("exceptions has %v%% of the samples, want more:\n%s", share(top, "exceptions"), top)
				}
			})
		}
	})
}

// A program with traceback functions of its own gets them, whenever it sets them, and none of ours.
func TestFramesOwn(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, flags := range []string{"", "-buildmode=pie", "-ldflags=-s -w"} {
			exe := build{program: "ownframes", side: ours, flags: flags}.must(t, tc)
			for _, when := range []string{"init", "main", "late", "never"} {
				when, exe := when, exe
				t.Run(strings.TrimSpace(when+" "+flags), func(t *testing.T) {
					t.Parallel()
					o := run(t, tc, nil, nil, exe, when)
					o.want(t, 2, "crash\n")
					if own := strings.Count(o.out, "own_function\n\town.c:77"); (own > 0) != (when != "never") {
						t.Errorf("%d frames by the program's own symbolizer:\n%v", own, o)
					}
					for _, text := range []string{"SetCgoTraceback only once", "own_crash\n"} {
						o.lacks(t, text)
					}
				})
			}
		}
	})
}
