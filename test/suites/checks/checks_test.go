// SPDX-License-Identifier: BSD-3-Clause

// Package checks proves that each check of tools/checks can fail. A case copies the tree, breaks one
// rule, and expects the verdict and the message of the check that guards the rule. The unbroken copy
// must not give that message.
package checks

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"runtime_cgo/test/internal/suite"
)

// A rule is a line of the file cases.
type rule struct {
	check   string
	message *regexp.Regexp
	change  string // bash commands, run in the copy
}

// The message of a check is in a comment below its verdict.
func message(expr string) *regexp.Regexp { return regexp.MustCompile(`(?m)^# +.*(?:` + expr + `)`) }

// rules parses the file cases, which calls t for each case.
func rules(t *testing.T) []rule {
	script := `t() { printf '%s\0' "$1" "$2" "$3"; }; . test/checks/break.bash; . test/checks/cases`
	out, err := suite.Command(t, nil, "bash", "-c", script).Output()
	words := strings.Split(strings.TrimSuffix(string(out), "\x00"), "\x00")
	if err != nil || len(words)%3 != 0 {
		t.Fatalf("test/checks/cases: %v, %d words", err, len(words))
	}
	var list []rule
	for i := 0; i < len(words); i += 3 {
		list = append(list, rule{words[i], message(words[i+1]), words[i+2]})
	}
	return list
}

// A bench copies the tree and runs checks on the copies.
type bench struct {
	root, base string
	unbroken   []byte // what all checks say of the unbroken copy
}

func TestCanFail(t *testing.T) {
	root := suite.Root(t)
	b := &bench{root: root, base: t.TempDir()}
	// What tools/check compiled comes along.
	copyTree := `find backtrace runtime include cmd go tools test/checks doc Makefile .clang-format build/checks ./*.md \
		-type f ! -path 'cmd/*/build/*' -print0 2>/dev/null | tar -cf - --null -T - | tar -C "$0" -xf -`
	if out, err := suite.Command(t, nil, "bash", "-c", copyTree, b.base).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	all := exec.Command(filepath.Join(root, "tools/check"))
	all.Env = append(os.Environ(), "CHECK_ROOT="+b.base)
	b.unbroken, _ = all.CombinedOutput()
	first := b.files(t)
	t.Cleanup(func() {
		if b.files(t) != first {
			t.Error("a rule was broken in the tree that all copies are links to")
		}
	})
	for _, r := range rules(t) {
		r := r
		t.Run(r.check+"/"+strings.TrimPrefix(r.message.String(), `(?m)^# +.*`), func(t *testing.T) {
			t.Parallel()
			b.try(t, r)
		})
	}
}

// files describes the files of the unbroken copy, as far as a change of one shows.
func (b *bench) files(t *testing.T) string {
	var out strings.Builder
	err := filepath.Walk(b.base, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.Mode().IsRegular() {
			fmt.Fprintln(&out, path, info.Size(), info.ModTime().UnixNano())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return out.String()
}

func (b *bench) try(t *testing.T, r rule) {
	dir := filepath.Join(t.TempDir(), "tree")
	if out, err := exec.Command("cp", "-Rl", b.base, dir).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	change := exec.Command("bash", "-c", `. "$0" && `+r.change, filepath.Join(b.root, "test/checks/break.bash"))
	change.Dir = dir
	change.Env = append(os.Environ(), "root="+b.root)
	if out, err := change.CombinedOutput(); err != nil {
		t.Fatalf("the tree could not be broken: %v\n%s", err, out)
	}
	said := b.check(r.check, dir)
	switch {
	case !bytes.Contains(append([]byte("\n"), said...), []byte("\nnot ok "+r.check+"\n")), !r.message.Match(said):
		t.Errorf("how: %s\ngot: %.1200s", r.change, said)
	case r.message.Match(b.unbroken):
		t.Errorf("the unbroken tree gives the message too: %.1200s", b.unbroken)
	}
}

// check runs a check on a copy. The file .path in it, if any, is the PATH.
func (b *bench) check(name, dir string) []byte {
	cmd := exec.Command(filepath.Join(b.root, "build/tools/checks"), dir, name)
	cmd.Env = os.Environ()
	if path := filepath.Join(dir, ".path"); exists(path) {
		cmd.Env = append(cmd.Env, "PATH="+path)
	}
	out, _ := cmd.CombinedOutput()
	return out
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
