// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Go in a C program, as an archive and as a shared object.
func archive(s side) build {
	return build{program: "lib", side: s, flags: "-buildmode=c-archive", output: "lib.a"}
}

func shared(s side) build {
	return build{program: "lib", side: s, flags: "-buildmode=c-shared", output: "liblib.so"}
}

// Perl calls realloc for what environ points to, and free for its strings.
func TestPerlChangesTheEnvironment(t *testing.T) {
	if _, err := exec.LookPath("perl"); err != nil {
		t.Skip("perl is missing")
	}
	const script = `
$ENV{OF_PERL_1} = 1;
open my $asked, ">", $ENV{LIB_SETS} or die;
select undef, undef, undef, 0.01 while -e $ENV{LIB_SETS};
$ENV{"OF_PERL_$_"} = $_ for 1 .. 100;
delete @ENV{"OF_PERL_1", "OF_GO"};
exec "/bin/sh", "-c", 'echo "perl $OF_PERL_1$OF_PERL_99"';`
	each(t, func(t *testing.T, tc toolchain) {
		env := []string{"LD_PRELOAD=" + shared(ours).must(t, tc), "LIB_SETS=" + filepath.Join(t.TempDir(), "asked")}
		run(t, tc, nil, env, "perl", "-e", script).want(t, 0, "perl 99\n")
	})
}

// C threads that call Go before it is initialized wait, and then continue.
func TestInitBarrier(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for name, words := range hosted(t, tc, ours, "init_barrier") {
			words := words
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for i := 0; i < 10; i++ {
					run(t, tc, nil, nil, words...).want(t, 0, "init barrier ok")
				}
			})
		}
	})
}

// A constructor calls Go, which starts while the dynamic loader's lock is held.
func TestConstructorCallsGo(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		so := shared(ours).must(t, tc)
		object := host(t, tc, "gcc", "constructor", "-shared", "-fPIC", so, "-Wl,-rpath,"+filepath.Dir(so))
		program := host(t, tc, "gcc", "constructor", "-DHOST", "-ldl")
		for _, how := range []string{"dlopen", "dlmopen"} {
			how := how
			t.Run(how, func(t *testing.T) {
				t.Parallel()
				run(t, tc, nil, nil, program, how, object).want(t, 0, "constructor got 42 from Go")
			})
		}
	})
}

// A C program loads Go, and forks before, during and after that.
func TestForkOfLibrary(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		so := shared(ours).must(t, tc)
		program := host(t, tc, "gcc", "forks", "-pthread", "-ldl")
		for what, child := range map[string]string{
			"before":      "child: exit 0\n",
			"during":      "child: signal 6\n",
			"after":       "child: signal 6\n",
			"execs":       "child: exit 0\n",
			"thread-ends": "child: exit 0\n",
			"short":       "child: exit 0\n",
			"at-exit":     "child: exit 0\n",
			// Its goroutine needs a thread that the child does not have. Stock waits for ever.
			"at-exit-long": "child: signal 6\n",
			// It waits for a lock of the Go runtime, which a thread of the parent held at the fork.
			"locked":       "child: signal 6\n",
			"locked-short": "child: exit 0\n",
		} {
			what, child := what, child
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				// Whether a call needs a thread that the child lacks depends on the state of Go's
				// scheduler: a long call may succeed and a short one may not, as with stock.
				for i := 0; i < 20; i++ {
					o := run(t, tc, nil, []string{"GOMAXPROCS=4"}, program, so, what)
					if strings.Contains(o.out, "child: signal 6\n") {
						o.want(t, 0, forkMessage, "forks ok")
					} else {
						o.want(t, 0, "child: exit 0\n", "forks ok")
						o.lacks(t, forkMessage)
					}
					if t.Failed() || strings.Contains(o.out, child) {
						return
					}
				}
				t.Errorf("no child of 20 gave %q", child)
			})
		}
	})
}

// The ways in which a host contains Go, as words of a command.
func hosted(t *testing.T, tc toolchain, s side, name string) map[string][]string {
	lib, so := archive(s).must(t, tc), shared(s).must(t, tc)
	return map[string][]string{
		"archive": {host(t, tc, "gcc", name, lib, "-pthread", "-ldl")},
		"linked":  {host(t, tc, "gcc", name, so, "-pthread", "-ldl", "-Wl,-rpath,"+filepath.Dir(so))},
		"dlopen":  {host(t, tc, "gcc", name, "-DDLOPEN", "-pthread", "-ldl"), so},
	}
}

// Handlers that C installed before Go, in a program that contains Go as a library.
func TestHandlersOfHost(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for way, words := range hosted(t, tc, ours, "handlers") {
			words := words
			t.Run(way, func(t *testing.T) {
				t.Parallel()
				run(t, tc, nil, nil, words...).want(t, 0, "handlers ok")
			})
		}
	})
}

// A host that loads Go queries its handlers and restores them.
func TestHostAsks(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		so := shared(ours).must(t, tc)
		t.Run("c", func(t *testing.T) {
			run(t, tc, nil, nil, host(t, tc, "gcc", "asks", "-ldl"), so).want(t, 0, "asks ok")
		})
		t.Run("ruby", func(t *testing.T) {
			need(t, "ruby", "ruby")
			run(t, tc, nil, nil, "ruby", "testdata/hosts/trap.rb", so).want(t, 0, "trap ok")
		})
	})
}

// C installs handlers without SA_ONSTACK while Go runs, by ways that cannot be interposed. A C thread that enters Go
// for the first time, and new Go threads, find them.
func TestLateHandlersOfHost(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		deep := host(t, tc, "gcc", "late", "-DINSTALLER", "-shared", "-fPIC")
		for way, words := range hosted(t, tc, ours, "late") {
			for _, how := range []string{"libc", "raw", "deepbind"} {
				way, how := way, how
				all := append([]string{words[0], how, deep}, words[1:]...)
				t.Run(way+"/"+how, func(t *testing.T) {
					t.Parallel()
					run(t, tc, nil, nil, all...).want(t, 0, "late ok")
				})
			}
		}
		for way, words := range hosted(t, tc, stock, "late") {
			t.Logf("stock, %s: %v", way, run(t, tc, nil, nil, append([]string{words[0], "libc"}, words[1:]...)...))
		}
	})
}

// Preloaded libraries see the same calls as with stock, may call any libc function in them, and handlers that they
// install are still wrapped.
func TestPreloads(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for what, says := range map[string]string{
			"OTHER": "preloaded sigaction\n", "SIGNAL": "preloaded signal\n", "BACK": "preloaded sigaction\n",
		} {
			what, says := what, says
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				library := host(t, tc, "gcc", "preloads", "-D"+what, "-shared", "-fPIC", "-ldl")
				preload := []string{"LD_PRELOAD=" + library}
				program := cases(ours).must(t, tc)
				run(t, tc, nil, preload, program, "interpose-how").want(t, 0, "done interpose-how", says)
				run(t, tc, nil, preload, program, "interpose-restore").want(t, 0, "done interpose-restore")
			})
		}
	})
}
