// SPDX-License-Identifier: BSD-3-Clause
// Paths measures one path through runtime/cgo in this process and prints nanoseconds per call: the
// minimum of several runs, because other work of the machine only adds time.
package main

import (
	"fmt"
	"os"
	"sort"
	"strconv"
	"time"
)

// A path can be run n times.
type path struct {
	prepare func() error // runs once; may be nil
	run     func(n int) error
	took    func() time.Duration // of the last run, if not all of it counts; may be nil
	check   func() error         // afterwards: checks that the path was really taken; may be nil
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: paths NAME RUNS MILLISECONDS\npaths:")
		var names []string
		for name := range paths {
			names = append(names, name)
		}
		sort.Strings(names)
		for _, name := range names {
			fmt.Fprintln(os.Stderr, "\t"+name)
		}
		os.Exit(2)
	}
	if err := measure(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "paths:", err)
		os.Exit(1)
	}
}

func measure(name, runsText, millisText string) error {
	p, ok := paths[name]
	runs, err := strconv.Atoi(runsText)
	if err != nil {
		return err
	}
	millis, err := strconv.Atoi(millisText)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("no path %q", name)
	}
	if p.prepare != nil {
		if err := p.prepare(); err != nil {
			return err
		}
	}
	n, err := calibrate(p, time.Duration(millis)*time.Millisecond)
	if err != nil {
		return err
	}
	best := -1.0
	for i := 0; i < runs; i++ {
		start := time.Now()
		if err := p.run(n); err != nil {
			return err
		}
		took := time.Since(start)
		if p.took != nil {
			took = p.took()
		}
		if ns := float64(took) / float64(n); best < 0 || ns < best {
			best = ns
		}
	}
	if p.check != nil {
		if err := p.check(); err != nil {
			return err
		}
	}
	fmt.Printf("%.3f\n", best)
	return nil
}

// calibrate finds the number of calls in one run. What happens once, at the first call, does not count.
func calibrate(p path, want time.Duration) (int, error) {
	if err := p.run(1); err != nil {
		return 0, err
	}
	for n := 1; ; n *= 2 {
		start := time.Now()
		if err := p.run(n); err != nil {
			return 0, err
		}
		if time.Since(start) >= want || n >= 1<<28 {
			return n, nil
		}
	}
}
