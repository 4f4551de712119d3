// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"sort"
	"strings"
	"sync"
)

// cCgo is the flag with which every runtime/cgo is compiled: some systems' compilers have another default.
const cCgo = "-fno-stack-protector"

// makeFlags gives a variable of the Makefile: the checks compile with the flags that make does.
func (t *tree) makeFlags(name string) []string {
	m := regexp.MustCompile(`(?m)^` + name + ` := (.*)$`).FindStringSubmatch(t.read("Makefile"))
	if m == nil {
		panic("the Makefile has no " + name)
	}
	return strings.Fields(m[1])
}

// strict are the flags that make every warning an error.
func (t *tree) strict(more ...string) []string {
	return append(append(t.makeFlags("WARN"), "-Werror"), more...)
}

var triples = map[string]string{"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}

// gccFor names the gcc that compiles for an architecture: the machine's own, or a cross compiler.
func gccFor(arch string) string {
	if arch == runtime.GOARCH {
		return "gcc"
	}
	return triples[arch] + "-gcc"
}

// clangFor gives clang with the flags that make it compile for an architecture.
func clangFor(arch string) []string {
	if arch == runtime.GOARCH {
		return []string{"clang"}
	}
	return []string{"clang", "--target=" + triples[arch]}
}

// includes gives the -I flags with which a file of ours finds every header by its name alone, as
// it does in the flat package.
func (t *tree) includes() []string {
	var flags []string
	seen := map[string]bool{}
	for _, h := range append(t.srcH(), t.glob("include/*.h")...) {
		if dir := filepath.Dir(h); !seen[dir] {
			seen[dir] = true
			flags = append(flags, "-I"+dir)
		}
	}
	return flags
}

// cacheDir is where compiled files are kept between runs, by the hash of all that went into them.
func (t *tree) cacheDir() string {
	if dir := os.Getenv("RCGO_CHECK_CACHE"); dir != "" {
		return dir
	}
	return t.path("build/checks")
}

// fingerprint hashes a command, the source that it reads, the headers that this one includes, and the
// compiler that it runs. A source of the payload has its headers beside it, in a folder whose name
// does not count.
func (t *tree) fingerprint(cmd []string, src string) string {
	h := sha256.New()
	headers := t.headersOf(src)
	words := fmt.Sprintln(cmd, compilerVersion(cmd[0]))
	if filepath.IsAbs(src) {
		headers, _ = filepath.Glob(filepath.Join(filepath.Dir(src), "*.h"))
		words = strings.ReplaceAll(words, filepath.Dir(src), "payload")
	}
	fmt.Fprintln(h, words, t.read(src))
	for _, header := range headers {
		fmt.Fprintln(h, filepath.Base(header), t.read(header))
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:32]
}

var quotedInclude = regexp.MustCompile(`(?m)^[ \t]*#[ \t]*include[ \t]*"([^"]+)"`)

// headersOf gives the headers of ours that a file includes, directly or through others.
func (t *tree) headersOf(src string) []string {
	home := map[string]string{}
	for _, header := range append(t.srcH(), t.glob("include/*.h", "cmd/*/*.h")...) {
		home[filepath.Base(header)] = header
	}
	seen := map[string]bool{}
	var out []string
	for todo := []string{src}; len(todo) > 0; todo = todo[1:] {
		for _, m := range quotedInclude.FindAllStringSubmatch(t.read(todo[0]), -1) {
			if header := home[filepath.Base(m[1])]; header != "" && !seen[header] {
				seen[header] = true
				out = append(out, header)
				todo = append(todo, header)
			}
		}
	}
	sort.Strings(out)
	return out
}

var (
	versionMu sync.Mutex
	versions  = map[string]string{}
)

func compilerVersion(cc string) string {
	versionMu.Lock()
	defer versionMu.Unlock()
	if versions[cc] == "" {
		out, _ := exec.Command(cc, "--version").Output()
		versions[cc] = string(out)
	}
	return versions[cc]
}

// objectFlags are those of the object and the call graph that several checks look at, of a file or
// of a group: it is compiled once for all of them.
func (t *tree) objectFlags() []string { return t.strict("-O2", "-g", callGraph) }

// callGraph makes gcc write what each function calls, and the stack that it takes.
const callGraph = "-fcallgraph-info=su"

// syntaxOnly among the flags of compile: only the messages are wanted, and the object is empty.
const syntaxOnly = "-fsyntax-only"

// compile compiles one file (a path from the root, or an absolute one) and gives the path of the
// object without its ".o"; beside it lies what -fcallgraph-info writes.
func (t *tree) compile(cc []string, src string, flags ...string) (string, error) {
	cmd := append(append(append([]string{}, cc...), t.makeFlags("CSTD")...), cCgo)
	if strings.HasSuffix(src, ".S") {
		cmd = append([]string{}, cc...)
	}
	cmd = append(cmd, flags...)
	cmd = append(cmd, t.includes()...)
	cmd = append(cmd, "-c", src)
	dir := filepath.Join(t.cacheDir(), t.fingerprint(cmd, src))
	stem := filepath.Join(dir, strings.TrimSuffix(filepath.Base(src), filepath.Ext(src)))
	if _, err := os.Stat(stem + ".o"); err == nil {
		return stem, nil
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", err
	}
	tmp, err := os.MkdirTemp(filepath.Dir(dir), "new")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(tmp)
	run := exec.Command(cmd[0], append(cmd[1:], "-o", filepath.Join(tmp, filepath.Base(stem)+".o"))...)
	run.Dir = t.root
	run.Env = append(os.Environ(), "CCACHE_DISABLE=1") // it does not keep the call graph
	if out, err := run.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%s failed: %v\n%s", strings.Join(cmd, " "), err, out)
	}
	if contains(flags, syntaxOnly) {
		if err := os.WriteFile(filepath.Join(tmp, filepath.Base(stem)+".o"), nil, 0o666); err != nil {
			return "", err
		}
	}
	if err := os.Rename(tmp, dir); err != nil {
		if _, err2 := os.Stat(stem + ".o"); err2 != nil {
			return "", err
		}
	}
	return stem, nil
}

func contains(list []string, s string) bool {
	for _, have := range list {
		if have == s {
			return true
		}
	}
	return false
}

// A unit is one compiled file.
type unit struct {
	src  string
	stem string
	err  error
}

// compileAll compiles files two at a time, in the order given.
func (t *tree) compileAll(cc []string, files []string, flags ...string) []unit {
	units := make([]unit, len(files))
	slots := make(chan bool, 2)
	var wg sync.WaitGroup
	for i, f := range files {
		wg.Add(1)
		slots <- true
		go func(i int, f string) {
			defer wg.Done()
			stem, err := t.compile(cc, f, flags...)
			units[i] = unit{f, stem, err}
			<-slots
		}(i, f)
	}
	wg.Wait()
	return units
}

// failures reports the files that did not compile; true when all did.
func failures(c *check, units []unit) bool {
	good := true
	for _, u := range units {
		if u.err != nil {
			good = false
			c.bad(u.src, 0, "%v", u.err)
		}
	}
	return good
}
