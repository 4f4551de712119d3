// SPDX-License-Identifier: BSD-3-Clause
package main

import (
	"fmt"
	"strings"
)

// A result is a row with the values of both sides.
type result struct {
	row
	stock, ours series
}

// ratios returns ours divided by stock for each round. Other work of the machine affects both.
func (r result) ratios() series {
	var list series
	for i := range r.ours {
		if i < len(r.stock) && r.stock[i] != 0 {
			list = append(list, r.ours[i]/r.stock[i])
		}
	}
	return list
}

func (r result) line() string {
	ratio := fmt.Sprintf("%.3f", r.ratios().median())
	least := ratio
	if len(r.ours) > 1 {
		ratio += fmt.Sprintf(" ± %.3f", r.ratios().spread())
		least = fmt.Sprintf("%.3f", r.ours.least()/r.stock.least())
	}
	mark := ""
	switch {
	case r.unit == "bytes" && r.ours.median() > r.stock.median():
		mark = "<- larger"
	case r.unit != "bytes" && slower(r.stock, r.ours):
		mark = "<- slower"
	}
	return fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s |", r.what, r.unit, figure(r.stock),
		figure(r.ours), ratio, least, mark)
}

// figure formats a median ± half the interquartile range, and the minimum.
func figure(s series) string {
	if len(s) == 1 {
		return number(s[0], true)
	}
	return fmt.Sprintf("%s ± %s (%s)", number(s.median(), false), number(s.spread(), false),
		number(s.least(), false))
}

func number(v float64, whole bool) string {
	switch {
	case whole:
		return fmt.Sprintf("%.0f", v)
	case v < 10:
		return fmt.Sprintf("%.2f", v)
	case v < 1000:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.0f", v)
}

func report(machineLine string, rounds int, results []result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Stock beside ours\n\n%s\n\n", machineLine)
	fmt.Fprintf(&b, "Each value is a median ± half the distance between the quartiles, and in brackets the\n"+
		"least, of %d rounds (fewer where a build is measured) in which both sides take turns.\n"+
		"The ratio, ours to stock, is the median of the rounds' ratios ± half the distance between\n"+
		"their quartiles; beside it that of the leasts, which other work on the machine disturbs\n"+
		"less. `<- slower` stands where the spreads of both sides do not overlap and the least is\n"+
		"more, too.\n\n", rounds)
	b.WriteString("| what | unit | stock | ours | ratio | of leasts | |\n|---|---|---|---|---|---|---|\n")
	for _, r := range results {
		b.WriteString(r.line() + "\n")
	}
	return b.String()
}
