// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

func invariantsOfDocs() []invariant {
	return []invariant{{"paths", checkPaths}, {"functions", checkFunctions}, {"part-headers", checkPartHeaders},
		{"module-path", checkModulePath}}
}

var (
	codeSpan   = regexp.MustCompile("`([^`\n]+)`")
	mdLink     = regexp.MustCompile(`\]\(([^)#\s]+)(#[^)]*)?\)`)
	pathShaped = regexp.MustCompile(`^(\./)?[\w.-]+(/[\w.*<>{},-]+)*/?$`)
)

// checkPaths: what a document calls a path of this tree is one.
func checkPaths(t *tree, c *check) {
	tops := map[string]bool{"bin": true, "build": true}
	for _, f := range t.tracked() {
		tops[strings.SplitN(f, "/", 2)[0]] = true
	}
	docs := t.glob("*.md", "doc/*.md", "doc/*/*.md", "examples/*.md", "examples/*/*.md", "test/*.md", "test/*/*.md", "bench/*.md")
	for _, doc := range docs {
		fenced := false
		for i, line := range strings.Split(t.read(doc), "\n") {
			if strings.HasPrefix(strings.TrimSpace(line), "```") {
				fenced = !fenced
			}
			if fenced {
				continue
			}
			for _, m := range codeSpan.FindAllStringSubmatch(line, -1) {
				word := strings.Fields(m[1] + " ")
				if len(word) > 0 && !t.pathExists(tops, word[0]) {
					c.bad(doc, i+1, "`%s` does not exist", word[0])
				}
			}
			for _, m := range mdLink.FindAllStringSubmatch(line, -1) {
				if strings.Contains(m[1], "://") || strings.HasPrefix(m[1], "mailto:") {
					continue
				}
				if !t.has(filepath.Join(filepath.Dir(doc), m[1])) {
					c.bad(doc, i+1, "the link to %s leads nowhere", m[1])
				}
			}
		}
	}
}

// pathExists says whether a word is either no path of this tree or one that exists.
func (t *tree) pathExists(tops map[string]bool, word string) bool {
	if !pathShaped.MatchString(word) {
		return true
	}
	dirs := strings.Split(strings.TrimPrefix(word, "./"), "/")
	explicit := strings.HasPrefix(word, "./")
	if !explicit && (len(dirs) == 1 || !tops[dirs[0]]) {
		return true
	}
	if dirs[0] == "bin" || dirs[0] == "build" || word == "runtime/cgo" || strings.HasPrefix(word, "runtime/cgo/") {
		return true // made by make, or a package of Go
	}
	word = strings.Join(dirs, "/")
	if i := strings.IndexAny(word, "<{"); i >= 0 {
		word = word[:i] + "*"
	}
	return len(t.glob(strings.TrimSuffix(word, "/"))) > 0
}

// namedIn is what doc/dataflow.md writes for functions and the file that defines them: `a` → `b` — `FILE`, or `a` (`FILE`).
var namedIn = regexp.MustCompile("((?:`[a-z_0-9]+`(?: →|,) )*`[a-z_0-9]+`) (?:— |\\()`([a-z_/]+/[^`]+\\.[chS])`")

// checkFunctions: doc/dataflow.md names each function with the file that defines it.
func checkFunctions(t *tree, c *check) {
	const doc = "doc/dataflow.md"
	for _, m := range namedIn.FindAllStringSubmatch(strings.Join(strings.Fields(t.read(doc)), " "), -1) {
		for _, file := range t.glob(strings.ReplaceAll(m[2], "<cpu>", "*")) {
			for _, name := range codeSpan.FindAllStringSubmatch(m[1], -1) {
				if !regexp.MustCompile(`(?m)^(RCGO_ASM_BEGIN\()?` + name[1] + `(\(|\)|:)`).MatchString(t.read(file)) {
					c.bad(doc, 0, "%s does not define `%s`", file, name[1])
				}
			}
		}
	}
}

// partSections are what the header of each of the five parts says, in this order.
var partSections = []string{"Part %d,", "State", "Callers", "Safety", "Differences between Go versions", "A port must"}

var partHeaders = []string{"context/context_management.h", "signal/signal_handling.h", "traceback/traceback_generation.h",
	"thread/thread_management.h", "syscall/system_calls.h"}

func checkPartHeaders(t *tree, c *check) {
	for i, part := range partHeaders {
		rel := "runtime/" + part
		if !t.has(rel) {
			c.bad(rel, 0, "is missing: it says what the part is for and how to use it")
			continue
		}
		header := fileHeader(t.read(rel))
		at := 0
		for _, want := range partSections {
			want = strings.ReplaceAll(want, "%d", strconv.Itoa(i+1))
			m := regexp.MustCompile(`(?m)^// ` + regexp.QuoteMeta(want)).FindStringIndex(header[at:])
			if m == nil {
				c.bad(rel, 1, "its header says nothing under %q, or not in the usual order (%s)", want, strings.Join(partSections, "; "))
				continue
			}
			at += m[1]
		}
		if !strings.Contains(header, "1. ") && !strings.Contains(header, "A port must: nothing") {
			c.bad(rel, 1, "the obligations of a port are not numbered")
		}
	}
}

// packagePath is an import path that ends in a package of the Go module.
var packagePath = regexp.MustCompile(`[\w~-]*(?:\.[\w~-]+)*(?:/[\w.~-]+)*/(?:allthreads|cmem|handle|leaf|stacks|stats)\b`)

// checkModulePath: every import path of our Go module in the documentation begins as go/go.mod says.
func checkModulePath(t *tree, c *check) {
	module := strings.TrimPrefix(strings.SplitN(t.read("go/go.mod"), "\n", 2)[0], "module ")
	for _, doc := range t.glob("*.md", "doc/*.md", "doc/*/*.md", "cmd/rcgo/*.in", "cmd/rcgo/*/*.txt") {
		for i, line := range strings.Split(t.read(doc), "\n") {
			for _, path := range packagePath.FindAllString(line, -1) {
				first := strings.SplitN(path, "/", 2)[0]
				if (first == "runtime_cgo" || strings.Contains(first, ".")) && !strings.HasPrefix(path, module+"/") {
					c.bad(doc, i+1, "%s is not a package of %s; run tools/module_path", path, module)
				}
			}
		}
	}
}
