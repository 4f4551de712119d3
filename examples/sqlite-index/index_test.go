// SPDX-License-Identifier: BSD-3-Clause

package main

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"sort"
	"strings"
	"testing"
)

// plant creates a tree of files in a temporary directory.
func plant(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for path, text := range files {
		full := filepath.Join(root, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

// start opens an index, which is closed when the test ends.
func start(t *testing.T, root string) *index {
	t.Helper()
	ix, err := newIndex(root, filepath.Join(t.TempDir(), "index.db"), &bar{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := ix.close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return ix
}

func TestIndexOfKnownTree(t *testing.T) {
	files := map[string]string{
		"top.txt":         "no package above\n",
		"a/one.go":        "package a\n\nvar Tardigrade = 1\n",
		"a/two.go":        "package a // no newline at the end",
		"a/b/three.go":    "package b\n",
		"a-b/with 'q'.go": strings.Repeat("x\n", 5000),
		"bin/empty":       "",
		"bin/zeros":       "Tardigrade\x00\n",
		"ü/größe.go":      "package ü\n",
	}
	ix := start(t, plant(t, files))
	if err := ix.build(3); err != nil {
		t.Fatal(err)
	}
	all, packages, err := ix.totals()
	if err != nil {
		t.Fatal(err)
	}
	var size int64
	for _, text := range files {
		size += int64(len(text))
	}
	if want := (packageSize{"", 8, 5008, size}); all != want || packages != 6 {
		t.Errorf("totals %+v in %d packages, want %+v in 6", all, packages, want)
	}
	sizes, err := ix.largest(2)
	if err != nil {
		t.Fatal(err)
	}
	want := []packageSize{
		{"a-b", 1, 5000, 10000},
		{"a", 2, 4, int64(len(files["a/one.go"]) + len(files["a/two.go"]))},
	}
	if !reflect.DeepEqual(sizes, want) {
		t.Errorf("largest %+v, want %+v", sizes, want)
	}
	checkRows(t, ix, files)
	checkSearch(t, ix)
}

// checkRows compares each row with its file.
func checkRows(t *testing.T, ix *index, files map[string]string) {
	t.Helper()
	seen := 0
	err := ix.db.query("SELECT path, package, size, sha256 FROM files", func(r row) {
		seen++
		path := r.text(0)
		text, ok := files[path]
		sum := sha256.Sum256([]byte(text))
		if !ok || r.integer(2) != int64(len(text)) || r.text(3) != hex.EncodeToString(sum[:]) {
			t.Errorf("%q: size %d, sha256 %s", path, r.integer(2), r.text(3))
		}
		if want := filepath.ToSlash(filepath.Dir(path)); r.text(1) != want {
			t.Errorf("%q: package %q, want %q", path, r.text(1), want)
		}
	})
	if err != nil || seen != len(files) {
		t.Errorf("%d rows, %v; want %d", seen, err, len(files))
	}
}

func checkSearch(t *testing.T, ix *index) {
	t.Helper()
	if !ix.fts {
		t.Skip("this libsqlite3 has no FTS5")
	}
	// Binary files have no words, so bin/zeros must not be found.
	for word, want := range map[string][]string{
		"tardigrade": {"a/one.go"},
		"package":    {"top.txt", "a/one.go", "a/two.go", "a/b/three.go", "ü/größe.go"},
		"absent":     nil,
	} {
		got, err := ix.search(word)
		sort.Strings(got)
		sort.Strings(want)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("search %s: %q, %v; want %q", word, got, err, want)
		}
	}
}

// SQLite, using the collation written in Go, sorts as Go does.
func TestCollationInSQLite(t *testing.T) {
	ordered := []string{
		"a", "a/b", "a/b/c", "a-b", "go1.9", "go1.10", "go1.10/x", "go1.010a", "z",
	}
	files := make(map[string]string)
	for i := range ordered {
		path := ordered[len(ordered)-1-i]
		files[path+"/file"] = "x"
	}
	ix := start(t, plant(t, files))
	if err := ix.build(2); err != nil {
		t.Fatal(err)
	}
	var got []string
	err := ix.db.query("SELECT DISTINCT package FROM files ORDER BY package", func(r row) {
		got = append(got, r.text(0))
	})
	if err != nil || !reflect.DeepEqual(got, ordered) {
		t.Errorf("%q, %v; want %q", got, err, ordered)
	}
}

func TestComparePathsIsAnOrder(t *testing.T) {
	paths := []string{"", "a", "a/b", "a-b", "a.b", "ab", "a1", "a01", "a10", "a9", "9", "10", "/"}
	for _, a := range paths {
		for _, b := range paths {
			ab := comparePaths([]byte(a), []byte(b))
			if ab != -comparePaths([]byte(b), []byte(a)) {
				t.Errorf("%q and %q: not the opposite of the other way", a, b)
			}
			for _, c := range paths {
				bc := comparePaths([]byte(b), []byte(c))
				if ab <= 0 && bc <= 0 && comparePaths([]byte(a), []byte(c)) > 0 {
					t.Errorf("%q <= %q <= %q, but not the first and the last", a, b, c)
				}
			}
		}
	}
}

func TestUnreadableFileIsSkipped(t *testing.T) {
	root := plant(t, map[string]string{"a/good": "good\n", "a/gone": "gone\n"})
	ix := start(t, root)
	if err := ix.db.exec("BEGIN"); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(root, "a", "gone")); err != nil {
		t.Fatal(err)
	}
	// The file is removed after its name was listed.
	if err := ix.feed([]string{"a/gone", "a/good"}, 1); err != nil {
		t.Fatal(err)
	}
	if err := ix.finish(); err != nil {
		t.Fatal(err)
	}
	all, _, err := ix.totals()
	if err != nil || all.files != 1 {
		t.Errorf("%d files, %v; want 1", all.files, err)
	}
	if len(ix.skipped) != 1 || !os.IsNotExist(rootCause(ix.skipped[0])) {
		t.Errorf("skipped: %v", ix.skipped)
	}
}

func rootCause(err error) error {
	for {
		u, ok := err.(interface{ Unwrap() error })
		if !ok {
			return err
		}
		err = u.Unwrap()
	}
}

// A failure in SQLite on a C thread is returned as a Go error, and the database stays consistent.
func TestFailureUndoesAll(t *testing.T) {
	ix := start(t, plant(t, map[string]string{"a/x": "1", "a/y": "2", "b/z": "3"}))
	refuse := `CREATE TRIGGER refuse BEFORE INSERT ON files WHEN NEW.path = 'a/y'
		BEGIN SELECT RAISE(ABORT, 'no y today'); END`
	if err := ix.db.exec(refuse); err != nil {
		t.Fatal(err)
	}
	err := ix.build(2)
	if err == nil || !strings.Contains(err.Error(), "a/y: no y today") {
		t.Errorf("error %v, want the trigger's", err)
	}
	if all, _, err := ix.totals(); err != nil || all.files != 0 {
		t.Errorf("%d files, %v; want none", all.files, err)
	}
}

func TestStopInterrupts(t *testing.T) {
	files := make(map[string]string)
	for i := 0; i < 600; i++ { // more names than the queue in C can hold
		files[fmt.Sprintf("p%d/f%d", i%7, i)] = "package p\n"
	}
	ix := start(t, plant(t, files))
	ix.stop.Store(true)
	if err := ix.build(2); !interrupted(err) {
		t.Errorf("error %v, want an interruption", err)
	}
	// The progress handler interrupts a separate query.
	long := "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT max(i) FROM n"
	if err := ix.db.query(long, func(row) {}); !interrupted(err) {
		t.Errorf("endless query: error %v, want an interruption", err)
	}
}

func TestFiveParts(t *testing.T) {
	before := countCalls()
	ix := start(t, plant(t, map[string]string{"a/x": "1", "b/y": "2", "c/z": "3"}))
	if err := profiled("", func() error { return ix.build(2) }); err != nil {
		t.Fatal(err)
	}
	after := countCalls()
	if after.goToC <= before.goToC || after.onGo <= before.onGo || after.onC-before.onC < 6 {
		t.Errorf("calls before %+v, after %+v: all kinds must have grown", before, after)
	}
	for _, p := range tryParts(ix) {
		if !p.ok {
			t.Errorf("%s: %q", p.name, p.facts)
		}
	}
}
