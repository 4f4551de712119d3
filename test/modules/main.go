// SPDX-License-Identifier: BSD-3-Clause

// Clients runs the test suites of real modules that use C, unmodified, with the stock runtime/cgo
// and with the drop-in, and compares them test by test.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// What a client shows: a big C library with callbacks into Go, calls of C by assembly beside cgo,
// and many short calls with buffers of Go's.
var clients = []string{
	"github.com/mattn/go-sqlite3",
	"github.com/ebitengine/purego",
	"github.com/DataDog/zstd",
}

func main() {
	rcgo := flag.String("rcgo", "bin/rcgo", "the `command` that builds with the drop-in")
	work := flag.String("work", "build/clients", "`directory` to work in")
	flag.Usage = func() {
		fmt.Fprintln(flag.CommandLine.Output(), "usage: clients [flags] [module[@version]...]")
		flag.PrintDefaults()
	}
	flag.Parse()
	if flag.NArg() > 0 {
		clients = flag.Args()
	}
	ok, err := compareAll(*rcgo, *work)
	if err != nil {
		fmt.Fprintln(os.Stderr, "clients:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

func compareAll(rcgo, work string) (ok bool, err error) {
	if rcgo, err = filepath.Abs(rcgo); err != nil {
		return false, err
	}
	if work, err = filepath.Abs(work); err != nil {
		return false, err
	}
	sides := []side{{"stock", "go"}, {"rcgo", rcgo}}
	ok = true
	var table []string
	for _, client := range clients {
		m, err := fetch(client, work)
		if err != nil {
			return false, fmt.Errorf("%s: %w", client, err)
		}
		var suites []suite
		for _, s := range sides {
			fmt.Printf("%s %s: %s\n", m.Path, m.Version, s.name)
			if err := s.prove(m.dir, work); err != nil {
				return false, fmt.Errorf("%s: %w", client, err)
			}
			got, err := s.test(m.dir, filepath.Join(work, m.name()+"."+s.name+".json"))
			if err != nil {
				return false, fmt.Errorf("%s: %w", client, err)
			}
			suites = append(suites, got)
		}
		differences := compare(suites[0], suites[1])
		for _, d := range differences {
			fmt.Println("  DIFFERENT", d)
		}
		ok = ok && len(differences) == 0
		table = append(table, fmt.Sprintf("%-30s %-10s %15s %15s %11d", m.Path, m.Version,
			suites[0].counts(), suites[1].counts(), len(differences)))
	}
	fmt.Printf("\n%-30s %-10s %15s %15s %11s\n", "client", "version", "stock", "rcgo", "differences")
	fmt.Println(strings.Join(table, "\n"))
	fmt.Println("(tests and sub-tests that passed / failed / were skipped)")
	return ok, nil
}
