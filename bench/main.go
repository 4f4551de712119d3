// SPDX-License-Identifier: BSD-3-Clause
// Bench measures every path through runtime/cgo with the stock runtime/cgo and with ours,
// alternating, and writes a table. It asserts nothing; the reader judges the figures.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
)

// config holds the options.
type config struct {
	pin          []string // command words that keep a program on one CPU
	runs, millis string   // of each path in one process
	starts       int      // of a program, for one value
	rounds       int
	buildRounds  int
	purego       bool
}

func main() {
	if err := bench(); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func bench() error {
	goroot := flag.String("go", "", "the `GOROOT` to measure; default: that of go in PATH")
	rcgo := flag.String("rcgo", "../bin/rcgo", "the rcgo `command`")
	output := flag.String("o", "../build/bench/report.md", "where the table goes")
	rounds := flag.Int("rounds", 12, "number of rounds")
	quick := flag.Bool("quick", false, "fewer and shorter rounds: a look, not a verdict")
	purego := flag.Bool("purego", false, "purego's calls too, in the place of stock; needs its module")
	only := flag.String("run", "", "only the rows that match this `regexp`")
	cpu := flag.Int("cpu", -1, "the CPU to stay on; default: the last")
	flag.Parse()

	cfg := config{pin: pinTo(*cpu), runs: "24", millis: "2", starts: 10, rounds: *rounds, buildRounds: 10,
		purego: *purego}
	if *quick {
		cfg.runs, cfg.millis, cfg.starts, cfg.rounds, cfg.buildRounds = "8", "1", 3, 4, 2
	}
	match, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *goroot == "" {
		out, err := exec.Command("go", "env", "GOROOT").Output()
		if err != nil {
			return fmt.Errorf("go env GOROOT: %v", err)
		}
		*goroot = strings.TrimSpace(string(out))
	}
	command, err := filepath.Abs(*rcgo)
	if err != nil {
		return err
	}
	if *purego {
		if out, err := exec.Command("go", "mod", "download", puregoMod).CombinedOutput(); err != nil {
			return fmt.Errorf("purego: %v\n%s", err, out)
		}
	}
	work, err := os.MkdirTemp("", "rcgo-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	stock, ours, err := sides(*goroot, command, work)
	if err != nil {
		return err
	}
	text, err := measureAll(cfg, match, stock, ours)
	if err != nil {
		return err
	}
	fmt.Print("\n" + text)
	if err := os.MkdirAll(filepath.Dir(*output), 0o777); err != nil {
		return err
	}
	return os.WriteFile(*output, []byte(text), 0o666)
}

func measureAll(cfg config, match *regexp.Regexp, stock, ours *side) (string, error) {
	line := machine(stock)
	fmt.Println(line)
	for _, s := range []*side{stock, ours} {
		fmt.Fprintf(os.Stderr, "building on the side %q\n", s.name)
		if err := prepare(s, cfg); err != nil {
			return "", err
		}
	}
	settle()
	var results []result
	for _, r := range rows(cfg) {
		if match.MatchString(r.what) {
			results = append(results, result{row: r})
		}
	}
	// Each round measures all rows, so that other work of the machine affects all rows equally.
	for round := 0; round < cfg.rounds; round++ {
		for i := range results {
			if err := results[i].take(round, stock, ours); err != nil {
				return "", err
			}
		}
		fmt.Fprintf(os.Stderr, "\rround %d of %d", round+1, cfg.rounds)
	}
	fmt.Fprintln(os.Stderr)
	return report(line, cfg.rounds, results), nil
}

// take adds one value of each side. The side that goes first alternates.
func (r *result) take(round int, stock, ours *side) error {
	if r.rounds != 0 && round >= r.rounds {
		return nil
	}
	order := []*side{stock, ours}
	if round%2 == 1 {
		order = []*side{ours, stock}
	}
	for _, s := range order {
		value, err := r.once(s, round)
		if err != nil {
			return fmt.Errorf("%s: %w", r.what, err)
		}
		if s == stock {
			r.stock = append(r.stock, value)
		} else {
			r.ours = append(r.ours, value)
		}
	}
	return nil
}
