// SPDX-License-Identifier: BSD-3-Clause

// Compares the symbolizer with addr2line, eu-addr2line, llvm-symbolizer and libbacktrace, for random addresses of
// programs that were compiled in many ways. It prints TAP. Usage: run [long] [FILE...]
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Of the addresses on which two oracles agree, the percentage on which ours must agree.
const wanted = 99.5

// If more than this share of addresses is undecided, or ours shows inlined calls that no majority knows, the vote is
// inconclusive.
const (
	undecidedMax = 10.0
	richerMax    = 10.0
)

type runner struct {
	ours     tool
	others   []tool
	pcs      int
	n        int
	failed   bool
	total    tally
	testdata string
	work     string
}

func (r *runner) result(ok bool, name, note string, samples []string) {
	r.n++
	word := "ok"
	if !ok {
		word, r.failed = "not ok", true
	}
	fmt.Printf("%s %d - %s%s\n", word, r.n, name, note)
	for _, s := range samples {
		fmt.Printf("# %s\n", strings.ReplaceAll(s, "\n", "\n# "))
	}
}

// check queries ours for file and the oracles for asked, which has the same code.
func (r *runner) check(name, file, asked string) {
	fns, err := readFunctions(asked)
	if err != nil {
		r.result(false, name, "", []string{err.Error()})
		return
	}
	pcs := fns.pick(r.pcs)
	ours, err := r.ours.ask(file, pcs)
	if err != nil {
		r.result(false, name, "", []string{err.Error()})
		return
	}
	others := map[string][][]frame{}
	for _, o := range r.others {
		if answer, err := o.ask(asked, pcs); err == nil {
			others[o.name] = answer
		} else {
			fmt.Printf("# no vote: %v\n", err)
		}
	}
	t := fns.vote(pcs, ours, others)
	r.total.asked += t.asked
	r.total.agreed += t.agreed
	r.total.undecided += t.undecided
	for class, n := range t.classes {
		r.total.classes[class] += n
	}
	ok := t.share() >= wanted && 100*float64(t.undecided) <= undecidedMax*float64(t.asked) &&
		100*float64(t.richer) <= richerMax*float64(t.asked)
	note := fmt.Sprintf(" # %.1f %% of %d, %d undecided, %d richer, of %d oracles %v", t.share(),
		t.asked-t.undecided, t.undecided, t.richer, len(others), t.classes)
	r.result(ok, name, note, t.samples)
}

func (r *runner) builds(long bool, only string) {
	for _, b := range matrix() {
		if b.long && !long || !strings.Contains(b.name, only) {
			continue
		}
		file, asked, err := b.make(r.testdata, filepath.Join(r.work, b.name))
		var absent errNotHere
		switch {
		case errors.As(err, &absent):
			first := strings.SplitN(absent.Error(), "\n", 2)[0]
			r.result(true, b.name, " # SKIP "+first, nil)
		case err != nil:
			r.result(false, b.name, "", []string{err.Error()})
		default:
			r.check(b.name, file, asked)
		}
	}
}

func main() {
	ours := flag.String("ours", "", "the program that prints what we say")
	libbacktrace := flag.String("libbacktrace", "", "the program that prints what libbacktrace says")
	testdata := flag.String("testdata", "", "the sources to compile")
	work := flag.String("work", "", "a directory for what is compiled")
	pcs := flag.Int("pcs", 1000, "addresses of each file")
	long := flag.Bool("long", false, "all ways to compile")
	only := flag.String("only", "", "those whose name has this in it")
	flag.Parse()

	r := &runner{ours: oursTool(*ours), others: oracles(*libbacktrace), pcs: *pcs,
		testdata: *testdata, work: *work}
	r.total.classes = map[string]int{}
	r.builds(*long, *only)
	for _, file := range flag.Args() {
		r.check(file, file, file)
	}
	fmt.Printf("1..%d\n", r.n)
	fmt.Printf("# in all %.2f %% of %d, %d undecided; differences %v\n", r.total.share(),
		r.total.asked-r.total.undecided, r.total.undecided, r.total.classes)
	if r.failed || r.n == 0 {
		os.Exit(1)
	}
}
