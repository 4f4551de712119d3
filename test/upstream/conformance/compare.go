// SPDX-License-Identifier: BSD-3-Clause
// Compares the two sides of a suite test by test, runs differing tests again, and writes the report.
package main

import (
	"fmt"
	"io"
	"regexp"
	"strings"
)

// wholeSuite stands for the exit status of the go command in a list of tests.
const wholeSuite = "(exit status)"

// rerunLimit is the number of differing tests up to which each one is run again by itself. If more
// differ, the whole suite is run again.
const rerunLimit = 12

// looks is the number of times that a differing test is run again on both sides.
const looks = 2

// difference is one test whose outcome with the drop-in differs from that with stock.
type difference struct {
	Test          string
	Stock, Dropin []string // outcomes, the first run's first
	Logs          []string // raw logs of the drop-in's side
	Flake         bool
}

// row is one line of the report's table.
type row struct {
	Suite         string
	Note          string // why there is no result, or how the drop-in got in
	Stock, Dropin *result
	Diffs         []difference
}

// outcome is a test's outcome in a result, or a word that says it has none.
func (r *result) outcome(test string) string {
	if test == wholeSuite {
		switch {
		case r.Killed:
			return "killed"
		case r.RC != 0:
			return fmt.Sprintf("exit %d", r.RC)
		}
		return "ok"
	}
	if o := r.Tests[test]; o != "" {
		return o
	}
	return "absent"
}

// compare lists the tests whose outcomes differ, or the exit status if only that differs.
func compare(stock, dropin *result) []difference {
	var out []difference
	for _, n := range names(stock, dropin) {
		if s, d := stock.outcome(n), dropin.outcome(n); s != d {
			out = append(out, difference{
				Test: n, Stock: []string{s}, Dropin: []string{d}, Logs: []string{dropin.Log},
			})
		}
	}
	s, d := stock.outcome(wholeSuite), dropin.outcome(wholeSuite)
	if s != d && len(out) == 0 {
		out = append(out, difference{
			Test: wholeSuite, Stock: []string{s}, Dropin: []string{d}, Logs: []string{dropin.Log},
		})
	}
	return out
}

// patternFor is the -run pattern that selects one test: "package TestA/sub" to ^TestA$/^sub$.
func patternFor(test string) string {
	name := test[strings.Index(test, " ")+1:]
	parts := strings.Split(name, "/")
	for i, p := range parts {
		parts[i] = "^" + regexp.QuoteMeta(p) + "$"
	}
	return strings.Join(parts, "/")
}

// settle runs differing tests again, and separates flakes from differences. A test is a flake if
// stock alone gave both outcomes, or if both sides agreed in every later run.
func (c *config) settle(s *suite, stock, dropin *side, diffs []difference) error {
	single := s.Kind == kindTest && len(diffs) <= rerunLimit
	for i := range diffs {
		if diffs[i].Test == wholeSuite {
			single = false
		}
	}
	for look := 1; look <= looks; look++ {
		groups := [][]int{nil}
		for i := range diffs {
			if single {
				groups = append(groups, []int{i})
			} else {
				groups[0] = append(groups[0], i)
			}
		}
		for _, g := range groups {
			if len(g) == 0 {
				continue
			}
			only, tag := "", fmt.Sprintf("again%d", look)
			if single {
				only, tag = patternFor(diffs[g[0]].Test), fmt.Sprintf("again%d-%d", look, g[0])
			}
			a, err := runSuite(stock, s, only, c.base(stock, s)+"."+tag, c.timeout)
			if err != nil {
				return err
			}
			b, err := runSuite(dropin, s, only, c.base(dropin, s)+"."+tag, c.timeout)
			if err != nil {
				return err
			}
			for _, i := range g {
				d := &diffs[i]
				d.Stock = append(d.Stock, a.outcome(d.Test))
				d.Dropin = append(d.Dropin, b.outcome(d.Test))
				d.Logs = append(d.Logs, b.Log)
			}
		}
	}
	for i := range diffs {
		diffs[i].Flake = isFlake(diffs[i].Stock, diffs[i].Dropin)
	}
	return nil
}

func isFlake(stock, dropin []string) bool {
	agreed := true
	for i := 1; i < len(stock); i++ {
		agreed = agreed && stock[i] == dropin[i]
	}
	stockHad := map[string]bool{}
	for _, o := range stock {
		stockHad[o] = true
	}
	allSeenOnStock := true
	for _, o := range dropin {
		allSeenOnStock = allSeenOnStock && stockHad[o]
	}
	return agreed || allSeenOnStock
}

// report writes the table and the list. It returns the number of differences that are not flakes.
func report(w io.Writer, title string, rows []row, stockOnly bool) int {
	fmt.Fprintf(w, "\n### %s\n\n", title)
	fmt.Fprintln(w, "Cells: outcome, pass/fail/skip (sub-tests included), wall seconds.")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "| Suite | Stock | Drop-in | Installed files | Differences | Flakes | Note |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|")
	total := 0
	for _, r := range rows {
		stock, dropin, payload, diffs, flakes := "–", "–", "–", "–", "–"
		if r.Stock != nil {
			stock = r.Stock.cell()
			if r.Stock.Reused {
				stock += " (stored)"
			}
		}
		if r.Dropin != nil {
			dropin = r.Dropin.cell()
			payload = payloadOf(r.Dropin.Key)
			if r.Dropin.Reused {
				dropin += " (stored)"
			}
			nd := r.differences()
			nf := len(r.Diffs) - nd
			total += nd
			diffs, flakes = fmt.Sprint(nd), fmt.Sprint(nf)
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s | %s |\n", r.Suite, stock, dropin, payload, diffs, flakes, r.Note)
	}
	fmt.Fprintln(w)
	for _, r := range rows {
		for _, d := range r.Diffs {
			word := "DIFFERENCE"
			if d.Flake {
				word = "flake"
			}
			fmt.Fprintf(w, "- %s in %s: `%s`: stock %s; drop-in %s\n", word, r.Suite, d.Test,
				strings.Join(d.Stock, " → "), strings.Join(d.Dropin, " → "))
			for _, l := range d.Logs {
				fmt.Fprintf(w, "  - %s\n", l)
			}
		}
	}
	if !stockOnly {
		fmt.Fprintf(w, "Differences: %d\n", total)
	}
	return total
}

// differences returns the number of the row's differences that are not flakes.
func (r *row) differences() int {
	n := 0
	for _, d := range r.Diffs {
		if !d.Flake {
			n++
		}
	}
	return n
}

// reportTAP writes a line of TAP for each suite.
func reportTAP(w io.Writer, rows []row) {
	for i := range rows {
		r := &rows[i]
		switch {
		case r.Stock == nil:
			fmt.Fprintf(w, "ok upstream: %s # skip %s\n", r.Suite, r.Note)
		case r.Dropin != nil && r.differences() > 0:
			fmt.Fprintf(w, "not ok upstream: %s\n", r.Suite)
		default:
			fmt.Fprintf(w, "ok upstream: %s\n", r.Suite)
		}
	}
}
