// SPDX-License-Identifier: BSD-3-Clause

// Sqlite-index indexes a source tree in an SQLite database, using the system's libsqlite3, and shows
// how Go and C worked together. C threads take names from a queue in C and ask Go what is in each
// file. SQLite asks Go how to order packages, which package a file belongs to, and whether to go on.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
)

type options struct {
	root, db, profile, expect string
	threads                   int
}

func main() {
	var o options
	flag.StringVar(&o.root, "root", "", "index the tree below `DIR` (default: GOROOT/src)")
	flag.StringVar(&o.db, "db", "", "keep the database as `FILE` (default: a temporary file)")
	flag.StringVar(&o.profile, "profile", "", "keep the CPU profile as `FILE`")
	flag.StringVar(&o.expect, "expect", "", "fail unless runtime/cgo is `rcgo` or stock")
	flag.IntVar(&o.threads, "threads", runtime.NumCPU()+1, "`N` worker threads made by C")
	flag.Parse()
	if flag.NArg() > 0 || o.threads < 1 {
		flag.Usage()
		os.Exit(2)
	}
	if err := run(o); err != nil {
		fmt.Fprintln(os.Stderr, "sqlite-index:", err)
		if interrupted(err) {
			os.Exit(130)
		}
		os.Exit(1)
	}
}

func run(o options) (err error) {
	if o.root == "" {
		if o.root, err = goSources(); err != nil {
			return err
		}
	}
	if o.db == "" {
		dir, err := os.MkdirTemp("", "sqlite-index-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(dir)
		o.db = filepath.Join(dir, "index.db")
	} else if _, err := os.Lstat(o.db); err == nil {
		return fmt.Errorf("-db %s: there is such a file already", o.db)
	}
	ix, err := newIndex(o.root, o.db, newBar(os.Stderr))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := ix.close(); err == nil {
			err = cerr
		}
	}()
	defer ix.stopOnSignal()()
	if err := profiled(o.profile, func() error { return ix.build(o.threads) }); err != nil {
		return err
	}
	return report(ix, o)
}

// goSources returns the directory of the Go toolchain's sources.
func goSources() (string, error) {
	if dir := os.Getenv("GOROOT"); dir != "" {
		return filepath.Join(dir, "src"), nil
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "", fmt.Errorf("where are Go's sources? Say -root DIR (go env GOROOT: %w)", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "src"), nil
}

// stopOnSignal makes Ctrl-C stop the work between two steps of SQLite and roll it back.
func (ix *index) stopOnSignal() (forget func()) {
	caught := make(chan os.Signal, 1)
	signal.Notify(caught, os.Interrupt, syscall.SIGTERM)
	go func() {
		for range caught {
			ix.stop.Store(true)
		}
	}()
	return func() {
		signal.Stop(caught)
		close(caught)
	}
}

func report(ix *index, o options) error {
	all, packages, err := ix.totals()
	if err != nil {
		return err
	}
	largest, err := ix.largest(10)
	if err != nil {
		return err
	}
	fmt.Printf("%s: %s files, %s lines, %s KB in %s packages; %.1f s\n", ix.root, group(all.files),
		group(all.lines), group(all.size/1024), group(packages), ix.took.Seconds())
	if err := reportWords(ix); err != nil {
		return err
	}
	for _, err := range ix.skipped {
		fmt.Println("  skipped", err)
	}
	fmt.Printf("\n  the %d largest packages%25s %10s %8s\n", len(largest), "files", "lines", "KB")
	for _, p := range largest {
		fmt.Printf("  %-40s %7s %10s %8s\n", p.name, group(p.files), group(p.lines), group(p.size/1024))
	}
	parts := tryParts(ix)
	reportCalls(countCalls())
	return reportParts(parts, o.expect)
}

func reportWords(ix *index) error {
	if !ix.fts {
		fmt.Println("  no full text: this libsqlite3 has no FTS5")
		return nil
	}
	const word = "cgocallback"
	paths, err := ix.search(word)
	if err != nil {
		return err
	}
	fmt.Printf("  %d files speak of %s\n", len(paths), word)
	return nil
}

func reportCalls(c calls) {
	fmt.Printf("\n  calls\n  %-31s %14s\n", "Go to C", group(c.goToC))
	fmt.Printf("  %-31s %14s\n", "C to Go, on threads of Go", group(c.onGo))
	fmt.Printf("  %-31s %14s\n", "C to Go, on threads made by C", group(c.onC))
}

func reportParts(parts []part, expect string) error {
	failed := 0
	fmt.Println("\n  the five parts of runtime/cgo")
	for _, p := range parts {
		state := "ok"
		if !p.ok {
			state = "FAIL"
			failed++
		}
		fmt.Printf("  %-10s %-5s %s\n", p.name, state, strings.Join(p.facts, "\n"+strings.Repeat(" ", 19)))
	}
	h, err := readCgoRuntime("/proc/self/exe")
	if err != nil {
		return err
	}
	fmt.Printf("\n  %s\n", h)
	if expect != "" && h.name != expect {
		return fmt.Errorf("this binary does not contain the expected runtime/cgo: %s", expect)
	}
	if failed > 0 {
		return fmt.Errorf("%d of the five parts did not show what they should", failed)
	}
	return nil
}

// group formats 1234567 as 1,234,567.
func group(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
