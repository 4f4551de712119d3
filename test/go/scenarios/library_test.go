// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"path/filepath"
	"testing"
)

// The library as an archive and as a shared object.
func archive(s side) build {
	return build{program: "lib", side: s, flags: "-buildmode=c-archive", output: "lib.a"}
}

func shared(s side) build {
	return build{program: "lib", side: s, flags: "-buildmode=c-shared", output: "liblib.so"}
}

// Threads of C that call Go before it is up wait, and then go on.
func TestLatch(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		lib := archive(ours).must(t, tc)
		so := shared(ours).must(t, tc)
		for name, words := range map[string][]string{
			"archive": {host(t, tc, "gcc", "latch", lib, "-pthread", "-ldl")},
			"linked":  {host(t, tc, "gcc", "latch", so, "-pthread", "-Wl,-rpath,"+filepath.Dir(so))},
			"dlopen":  {host(t, tc, "gcc", "latch", "-DDLOPEN", "-pthread", "-ldl"), so},
		} {
			words := words
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				for i := 0; i < 10; i++ {
					run(t, tc, nil, nil, words...).want(t, 0, "latch ok")
				}
			})
		}
	})
}

// A C program that loads Go and forks before, meanwhile and after.
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
		} {
			what, child := what, child
			t.Run(what, func(t *testing.T) {
				t.Parallel()
				o := run(t, tc, nil, nil, program, so, what)
				o.want(t, 0, child, "forks ok")
				if child == "child: signal 6\n" {
					o.want(t, 0, forkMessage)
				} else {
					o.lacks(t, forkMessage)
				}
			})
		}
	})
}

// Handlers that C had before Go, in a program that Go is only a part of.
func TestHandlersOfHost(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		program := host(t, tc, "gcc", "handlers", archive(ours).must(t, tc), "-pthread", "-ldl")
		run(t, tc, nil, nil, program).want(t, 0, "handlers ok")
	})
}
