// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"go/ast"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
)

// elsewhere reports whether the line mirrors a file of another system or CPU. The C below it is not compiled
// here, so it holds itself to the layout by static assertions; what Go says is compared all the same.
func (m *mirror) elsewhere() bool { return ofAnother.MatchString(m.file) }

var ofAnother = regexp.MustCompile(`_freebsd|_(386|arm|loong64|mipsx|mips64x|ppc64le|riscv64|s390x)\.go$`)

// An assertion is something that the C below a GO: line must satisfy.
type assertion struct {
	m    *mirror
	expr string
	text string
}

// checkConst compares a constant, or the length of an array.
func checkConst(c *check, m *mirror, g gorootInfo, f *goFile) []assertion {
	if f.err != nil {
		c.bad(m.src.path, m.line, "Go 1.%d: %v", g.minor, f.err)
		return nil
	}
	var n int
	var err error
	isArray := strings.HasPrefix(m.value, "[")
	if isArray {
		array, ok := f.typeNamed(m.name).(*ast.ArrayType)
		if !ok {
			c.bad(m.src.path, m.line, "Go 1.%d: %s has no array type %s", g.minor, m.file, m.name)
			return nil
		}
		n, err = f.constant(array.Len)
	} else if v := f.constNamed(m.name); v != nil {
		if id, ok := v.(*ast.Ident); ok && id.Name == m.value {
			return nil // an alias, as the line says; another line has its value
		}
		n, err = f.constant(v)
	} else {
		c.bad(m.src.path, m.line, "Go 1.%d: %s has no constant %s", g.minor, m.file, m.name)
		return nil
	}
	if err != nil {
		c.bad(m.src.path, m.line, "Go 1.%d: %s: %v", g.minor, m.name, err)
		return nil
	}
	said := strings.Trim(m.value, "[]")
	want, err := strconv.ParseInt(said, 0, 64)
	if err != nil || int(want) != n {
		c.bad(m.src.path, m.line, "%s: this line says %s, but Go 1.%d has %d (%s)", m.name, said, g.minor, n, m.file)
	}
	if m.elsewhere() {
		return nil
	}
	name := m.below()
	if name == "" {
		if !strings.HasSuffix(m.src.path, ".S") {
			c.bad(m.src.path, m.line, "no #define or constant follows this GO: line")
		}
		return nil
	}
	return []assertion{{m, fmt.Sprintf("(%s) == %d", name, n), fmt.Sprintf("%s is not %d, Go's %s", name, n, m.name)}}
}

// constantName finds the name that a line defines.
var constantName = regexp.MustCompile(`^(?:#[ \t]*define[ \t]+(\w+)\s|\s*(\w+)\s*(?:=|,|\}))`)

// below gives the name of the constant that the C source defines under a GO: line.
func (m *mirror) below() string {
	for _, line := range m.src.lines[m.line:] {
		if strings.TrimSpace(line) != "" && !commentLine.MatchString(line) {
			if d := constantName.FindStringSubmatch(line); d != nil {
				return d[1] + d[2]
			}
			break
		}
	}
	return ""
}

// checkStruct compares a struct's fields by name, and gives what must hold of the C struct.
func checkStruct(c *check, m *mirror, g gorootInfo, f *goFile) []assertion {
	if f.err != nil {
		c.bad(m.src.path, m.line, "Go 1.%d: %v", g.minor, f.err)
		return nil
	}
	st, ok := f.typeNamed(m.name).(*ast.StructType)
	if !ok {
		c.bad(m.src.path, m.line, "Go 1.%d: %s has no struct %s", g.minor, m.file, m.name)
		return nil
	}
	var names []string
	for _, field := range st.Fields.List {
		for _, n := range field.Names {
			names = append(names, n.Name)
		}
	}
	have := names
	if m.prefix && len(names) > len(m.fields) {
		have = names[:len(m.fields)]
	}
	if strings.Join(have, " ") != strings.Join(m.fields, " ") {
		c.bad(m.src.path, m.line, "Go 1.%d: struct %s has the fields %s, not %s", g.minor, m.name,
			strings.Join(have, " "), strings.Join(m.fields, " "))
		return nil
	}
	if m.elsewhere() {
		return nil
	}
	leaves, size, _, err := f.structLayout(st, m.fields, 0)
	if err != nil {
		c.bad(m.src.path, m.line, "Go 1.%d: struct %s: %v", g.minor, m.name, err)
		return nil
	}
	return m.compareC(c, leaves, size)
}

// compareC holds the C struct below a GO: line against a Go layout.
func (m *mirror) compareC(c *check, leaves []leaf, size int) []assertion {
	var d *decl
	for _, x := range m.src.decls {
		if x.kind == declType && x.commentRow <= m.line && m.line < x.line {
			d = x
		}
	}
	if d == nil {
		if !strings.HasSuffix(m.src.path, ".S") {
			c.bad(m.src.path, m.line, "no struct follows this GO: line")
		}
		return nil
	}
	typ, fields := cStruct(d)
	if len(fields) != len(leaves) {
		c.bad(m.src.path, m.line, "%s has %d fields, Go's %s %d", typ, len(fields), m.name, len(leaves))
		return nil
	}
	var out []assertion
	for i, l := range leaves {
		if !sameName(fields[i], l.name) {
			c.bad(m.src.path, d.line, "%s: field %d is %s, but Go's %s has %s there", typ, i+1, fields[i], m.name, l.name)
		}
		out = append(out,
			assertion{m, fmt.Sprintf("__builtin_offsetof(%s, %s) == %d", typ, fields[i], l.offset),
				fmt.Sprintf("%s.%s is not at offset %d, as Go's %s.%s", typ, fields[i], l.offset, m.name, l.name)},
			assertion{m, fmt.Sprintf("sizeof(((%s *)0)->%s) == %d", typ, fields[i], l.size),
				fmt.Sprintf("%s.%s has not %d bytes, as Go's %s.%s", typ, fields[i], l.size, m.name, l.name)})
	}
	if !m.prefix {
		out = append(out, assertion{m, fmt.Sprintf("sizeof(%s) == %d", typ, size),
			fmt.Sprintf("%s has not %d bytes, as Go's %s", typ, size, m.name)})
	}
	return out
}

// cStruct gives the C type that a declaration defines and the names of its fields.
func cStruct(d *decl) (string, []string) {
	typ, open := d.name, strings.IndexByte(d.head, '{')
	if open < 0 {
		return typ, nil
	}
	if first := strings.Fields(d.head); first[0] == "struct" {
		typ = "struct " + first[1]
	}
	var fields []string
	for _, field := range strings.Split(flat(d.head[open+1:closing(d.head, open)]), ";") {
		if name, _ := nameOf(field); name != "" {
			fields = append(fields, name)
		}
	}
	return typ, fields
}

// sameName: stacklo may stand for lo, handler for sa_handler, Func for funcName.
func sameName(a, b string) bool {
	a = strings.ToLower(strings.ReplaceAll(a, "_", ""))
	b = strings.ToLower(strings.ReplaceAll(b, "_", ""))
	return strings.Contains(a, b) || strings.Contains(b, a)
}

// compileAsserts lets the compiler hold the C side for a platform.
func (t *tree) compileAsserts(c *check, p platform, list []assertion) {
	cc := gccFor(p.arch)
	if !needs(c, cc) {
		return
	}
	byFile := map[string][]assertion{}
	for _, a := range list {
		byFile[a.m.src.path] = append(byFile[a.m.src.path], a)
	}
	taken := words(strings.Join(t.sourcesFor(p, ".c"), " "))
	for file, asserts := range byFile {
		if strings.HasSuffix(file, ".h") || taken[file] {
			t.compileAssertsOf(c, cc, file, asserts)
		}
	}
}

// compileAssertsOf compiles one source file with the assertions about it behind it.
func (t *tree) compileAssertsOf(c *check, cc, file string, list []assertion) {
	var src strings.Builder
	fmt.Fprintf(&src, "#include \"%s\"\n", t.path(file))
	seen := map[string]bool{}
	for _, a := range list {
		if !seen[a.expr] {
			fmt.Fprintf(&src, "#line %d \"%s\"\n_Static_assert(%s, \"%s\");\n", a.m.line, file, a.expr, a.text)
		}
		seen[a.expr] = true
	}
	flags := []string{"-std=gnu11", "-fsyntax-only", "-x", "c", "-"}
	for _, dir := range t.glob("include", "backtrace/*", "runtime/*") {
		flags = append(flags, "-I"+dir)
	}
	cmd := exec.Command(cc, flags...)
	cmd.Dir = t.root
	cmd.Stdin = strings.NewReader(src.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		c.bad("", 0, "%s", firstErrors(string(out)))
	}
}

// firstErrors keeps the lines of a compiler's output that name an error.
func firstErrors(out string) string {
	var keep []string
	for _, line := range strings.Split(out, "\n") {
		if strings.Contains(line, "error:") && len(keep) < 20 {
			keep = append(keep, line)
		}
	}
	if len(keep) == 0 {
		return out
	}
	return strings.Join(keep, "\n")
}
