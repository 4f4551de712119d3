// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	gotoken "go/token"
	"go/types"
	"os"
	"path/filepath"
	"regexp"
)

// A goFile is a parsed file of Go's own source.
type goFile struct {
	path string
	root string
	ast  *ast.File
	err  error
}

var goFilesSeen = map[string]*goFile{}

// openGoFile parses GOROOT/src/rel once.
func openGoFile(root, rel string) *goFile {
	path := filepath.Join(root, "src", filepath.FromSlash(rel))
	if f := goFilesSeen[path]; f != nil {
		return f
	}
	f := &goFile{path: path, root: root}
	f.ast, f.err = parser.ParseFile(gotoken.NewFileSet(), path, nil, 0)
	goFilesSeen[path] = f
	return f
}

// typeNamed finds a type in the file, inside functions too.
func (f *goFile) typeNamed(name string) ast.Expr {
	var found ast.Expr
	if f.ast == nil {
		return nil
	}
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if ts, ok := n.(*ast.TypeSpec); ok && ts.Name.Name == name && found == nil {
			found = ts.Type
		}
		return found == nil
	})
	return found
}

// anyType finds a type in the file or in another file of its package.
func (f *goFile) anyType(name string) (ast.Expr, *goFile) {
	if e := f.typeNamed(name); e != nil {
		return e, f
	}
	others, _ := filepath.Glob(filepath.Join(filepath.Dir(f.path), "*.go"))
	decl := regexp.MustCompile(`(?m)^(type|\t)\s*` + name + `\s`)
	for _, path := range others {
		data, err := os.ReadFile(path)
		if err != nil || !decl.Match(data) {
			continue
		}
		rel, _ := filepath.Rel(filepath.Join(f.root, "src"), path)
		g := openGoFile(f.root, rel)
		if e := g.typeNamed(name); e != nil {
			return e, g
		}
	}
	return nil, nil
}

// A leaf is a field of a Go struct whose inner structs have been opened.
type leaf struct {
	name         string
	offset, size int
}

// The word size of the platforms that the mirrors are compared for.
const wordSize = 8

var basicSizes = map[string]int{
	"bool": 1, "byte": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4,
	"rune": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "int": 8, "uint": 8, "uintptr": 8,
}

// layout gives the size and alignment of a type and its leaves from an offset.
func (f *goFile) layout(e ast.Expr, name string, at int) (leaves []leaf, size, align int, err error) {
	switch e := e.(type) {
	case *ast.Ident:
		if n := basicSizes[e.Name]; n > 0 {
			return []leaf{{name, at, n}}, n, n, nil
		}
		under, home := f.anyType(e.Name)
		if under == nil {
			return nil, 0, 0, fmt.Errorf("type %s is not in its package", e.Name)
		}
		return home.layout(under, name, at)
	case *ast.StarExpr, *ast.FuncType, *ast.MapType, *ast.ChanType:
		return []leaf{{name, at, wordSize}}, wordSize, wordSize, nil
	case *ast.SelectorExpr: // unsafe.Pointer, atomic.Uintptr
		if e.Sel.Name == "PCLnTabMagic" { // of internal/abi
			return []leaf{{name, at, 4}}, 4, 4, nil
		}
		if e.Sel.Name == "Pointer" || e.Sel.Name == "Uintptr" {
			return []leaf{{name, at, wordSize}}, wordSize, wordSize, nil
		}
	case *ast.ArrayType:
		if e.Len == nil { // a slice: pointer, length, capacity
			return []leaf{{name, at, 3 * wordSize}}, 3 * wordSize, wordSize, nil
		}
		n, err := f.constant(e.Len)
		if err != nil {
			return nil, 0, 0, err
		}
		_, size, align, err := f.layout(e.Elt, name, at)
		return []leaf{{name, at, size * n}}, size * n, align, err
	case *ast.StructType:
		return f.structLayout(e, nil, at)
	}
	return nil, 0, 0, fmt.Errorf("the layout of a %T is unknown", e)
}

// structLayout lays out the fields of a struct; only those in want, if that is not nil.
func (f *goFile) structLayout(st *ast.StructType, want []string, at int) (leaves []leaf, size, align int, err error) {
	align = 1
	left := len(want)
	for _, field := range st.Fields.List {
		for _, name := range field.Names {
			if want != nil && left == 0 {
				return leaves, size, align, nil
			}
			left--
			_, n, a, err := f.layout(field.Type, name.Name, 0)
			if err != nil {
				return nil, 0, 0, fmt.Errorf("field %s: %v", name.Name, err)
			}
			size = (size + a - 1) / a * a
			inner, _, _, err := f.layout(field.Type, name.Name, at+size)
			if err != nil {
				return nil, 0, 0, err
			}
			leaves = append(leaves, inner...)
			size += n
			if a > align {
				align = a
			}
		}
	}
	size = (size + align - 1) / align * align
	return leaves, size, align, nil
}

var goName = regexp.MustCompile(`\b[A-Za-z_]\w*`)

// constant evaluates an integer constant made of literals and constants of the same file.
func (f *goFile) constant(e ast.Expr) (int, error) {
	text := types.ExprString(e)
	for name := goName.FindString(text); name != ""; name = goName.FindString(text) {
		v := f.constNamed(name)
		if v == nil || len(text) > 1000 {
			return 0, fmt.Errorf("constant %s is not in %s", name, filepath.Base(f.path))
		}
		text = regexp.MustCompile(`\b`+name+`\b`).ReplaceAllString(text, "("+types.ExprString(v)+")")
	}
	v, err := types.Eval(gotoken.NewFileSet(), nil, gotoken.NoPos, text)
	if err != nil {
		return 0, err
	}
	n, _ := constant.Int64Val(constant.ToInt(v.Value))
	return int(n), nil
}

// constNamed finds the expression that a constant of the file is set to.
func (f *goFile) constNamed(name string) ast.Expr {
	var found ast.Expr
	ast.Inspect(f.ast, func(n ast.Node) bool {
		if vs, ok := n.(*ast.ValueSpec); ok && found == nil {
			for i, id := range vs.Names {
				if id.Name == name && i < len(vs.Values) {
					found = vs.Values[i]
				}
			}
		}
		return found == nil
	})
	return found
}
