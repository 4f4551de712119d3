// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

var partNames = []string{"syscall", "traceback", "context", "thread", "signal", "heap", "base", "abi"}

// Names that Go has had or keeps for later; `go tool dist list` has only today's.
const extraPlatforms = "hurd nacl zos amd64p32 armbe arm64be mips64p32 mips64p32le ppc riscv s390 sparc sparc64"

func invariantsOfNames() []invariant {
	return []invariant{
		{"unique", checkBasenames},
		{"system-headers", checkSystemHeaders},
		{"platforms", checkPlatformNames},
		{"entry-points", checkEntryPoints},
		{"two-globs", checkGlobs},
	}
}

// checkBasenames: the go command copies all files of a package flat into one folder.
func checkBasenames(t *tree, c *check) {
	owner := map[string]string{}
	for _, rel := range append(t.payloadSources(), t.glob("runtime/*/*.go")...) {
		key := strings.ToLower(filepath.Base(rel))
		if owner[key] != "" {
			c.bad(rel, 0, "has the same name as %s; the package is one flat folder", owner[key])
		}
		owner[key] = rel
	}
	if !needs(c, "go") {
		return
	}
	for _, g := range goroots(t, c) {
		stays, _ := filepath.Glob(filepath.Join(g.dir, "src", "runtime", "cgo", "*"))
		for _, name := range stays {
			base := filepath.Base(name)
			gone := strings.HasSuffix(base, ".c") || strings.HasSuffix(base, ".S") ||
				strings.HasPrefix(base, "libcgo")
			if rel := owner[strings.ToLower(base)]; rel != "" && !gone {
				c.bad(rel, 0, "has the name of a file that Go 1.%d's runtime/cgo keeps", g.minor)
			}
		}
	}
}

// checkSystemHeaders: in the flat folder a header of ours named signal.h would be found by
// #include <signal.h> of every file of the package.
func checkSystemHeaders(t *tree, c *check) {
	if !needs(c, "gcc") {
		return
	}
	source := ""
	for _, rel := range append(t.srcH(), t.glob("include/*.h")...) {
		source += fmt.Sprintf("#if __has_include(<%s>)\nshadows %s\n#endif\n", filepath.Base(rel), rel)
	}
	cmd := exec.Command("gcc", "-E", "-P", "-")
	cmd.Stdin, cmd.Dir = strings.NewReader(source), "/"
	out, err := cmd.CombinedOutput()
	if err != nil {
		c.bad("", 0, "gcc: %v\n%s", err, out)
	}
	for _, line := range strings.Split(string(out), "\n") {
		if rel := strings.TrimPrefix(line, "shadows "); rel != line {
			c.bad(rel, 0, "shadows the system's <%s>", filepath.Base(rel))
		}
	}
}

// checkPlatformNames: a file whose last word is a GOOS or GOARCH is compiled only there. For the
// platforms that we build that is meant; for another its header must say so, or rcgo_stack_arm.c
// and rcgo_view_js.c would vanish unnoticed. Assembly is always gcc_rcgo_<arch>.S.
func checkPlatformNames(t *tree, c *check) {
	if !needs(c, "go") {
		return
	}
	out, err := goCommand("tool", "dist", "list")
	if err != nil {
		c.bad("", 0, "%v", err)
		return
	}
	words, arches, built := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, p := range platforms {
		built[p.os], built[p.arch] = true, true
	}
	for _, pair := range strings.Fields(out) {
		oa := strings.Split(pair, "/")
		words[oa[0]], words[oa[1]], arches[oa[1]] = true, true, true
	}
	for _, w := range strings.Fields(extraPlatforms) {
		words[w] = true
	}
	for _, rel := range append(t.payloadSources(), t.glob("runtime/*/*.go")...) {
		base := strings.TrimSuffix(filepath.Base(rel), filepath.Ext(rel))
		parts := strings.Split(base, "_")
		last := parts[len(parts)-1]
		if len(parts) > 1 && last == "test" {
			c.bad(rel, 0, "ends in _test, which the go command never compiles into a package")
		}
		if len(parts) < 2 || !words[last] || built[last] || strings.HasSuffix(rel, ".S") {
			continue
		}
		if !strings.Contains(strings.ToLower(fileHeader(t.read(rel))), last) {
			c.bad(rel, 0, "is compiled for %s only, by its last word; say so in its header, or rename it", last)
		}
	}
	asm := regexp.MustCompile(`^gcc_rcgo_([a-z0-9]+)\.S$`)
	for _, rel := range t.srcS() {
		if strings.HasPrefix(rel, "runtime/overlay/") && strings.HasSuffix(rel, ".s") {
			continue // Go's assembler
		}
		m := asm.FindStringSubmatch(filepath.Base(rel))
		if m == nil || !arches[m[1]] || !strings.HasPrefix(rel, "runtime/arch/") {
			c.bad(rel, 0, "assembly is runtime/arch/gcc_rcgo_<GOARCH>.S: only gcc_*.S reaches the C compiler")
		}
	}
}

// fileHeader gives the comment lines at a file's top, blank lines between them included.
func fileHeader(text string) string {
	var out []string
	for _, line := range strings.Split(text, "\n") {
		s := strings.TrimSpace(line)
		if s != "" && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "/*") && !strings.HasPrefix(s, "*") {
			break
		}
		out = append(out, s)
	}
	return strings.Join(out, "\n")
}

// checkEntryPoints: the x_cgo_*.c files of a part define what Go imports from that part, and nothing else.
func checkEntryPoints(t *tree, c *check) {
	want := map[string]symbol{}
	for _, s := range t.contract(c) {
		want[s.name] = s
	}
	defined := map[string]string{}
	for _, src := range t.parse(t.srcC()) {
		entryPoint := strings.HasPrefix(src.base, "x_cgo_")
		for _, d := range src.decls {
			isDef := d.kind == declFuncDef || d.kind == declObject && !d.extern
			if !isDef || d.static {
				continue
			}
			s, known := want[d.name]
			switch {
			case known && s.forGo() && !entryPoint && s.kind == "func":
				c.bad(src.path, d.nameLine, "%s belongs in an x_cgo_*.c file of runtime/%s", d.name, s.part)
			case known && !s.forGo() && entryPoint:
				c.bad(src.path, d.nameLine, "Go does not import %s: x_cgo_*.c files hold only what Go imports", d.name)
			case known && s.part != src.part:
				c.bad(src.path, d.nameLine, "%s belongs in runtime/%s, says %s:%d", d.name, s.part, contractFile, s.line)
			case !known && entryPoint:
				c.bad(src.path, d.nameLine, "%s is not in %s; an x_cgo_*.c file defines what Go imports, and statics", d.name, contractFile)
			case !known && !strings.HasPrefix(d.name, "rcgo_"):
				c.bad(src.path, d.nameLine, "%s: a name shared between files begins rcgo__", d.name)
			}
			defined[d.name] = src.path
		}
	}
	for _, rel := range t.srcS() {
		for _, m := range globlLine.FindAllStringSubmatch(t.read(rel), -1) {
			defined[m[1]] = rel
		}
	}
	for name, s := range want {
		if defined[name] == "" {
			c.bad(contractFile, s.line, "nothing in runtime/%s defines %s", s.part, name)
		}
	}
}

var globlLine = regexp.MustCompile(`(?m)^\s*\.glob[a]?l\s+([A-Za-z_]\w*)`)

// checkGlobs: `ls -d backtrace/*/ runtime/*/` is the architecture and `ls runtime/*/x_cgo_*.c` the whole Go ABI.
func checkGlobs(t *tree, c *check) {
	known := map[string]bool{"arch": true, "overlay": true}
	for _, p := range partNames {
		known[p] = true
	}
	for _, dir := range t.glob("runtime/*") {
		if strings.HasPrefix(dir, "runtime/runtime.mk") {
			continue
		}
		if !known[filepath.Base(dir)] {
			c.bad(dir, 0, "is not one of the parts that doc/design.md names")
		}
		delete(known, filepath.Base(dir))
	}
	for name := range known {
		c.bad("runtime/"+name, 0, "is missing")
	}
	for _, part := range partNames[:5] {
		if len(t.glob("runtime/"+part+"/x_cgo_*.c")) == 0 {
			c.bad("runtime/"+part, 0, "has no x_cgo_*.c: where does Go enter it?")
		}
	}
}
