// SPDX-License-Identifier: BSD-3-Clause
// A drop-in other than the default one: features of it left out by rcgo, or switched by RCGO as programs start.
package main

import "flag"

// variant is what the drop-in's side is asked for beyond the default.
type variant struct {
	without string // rcgo overlay --without=
	options string // RCGO of the suites; the drop-in's alone
	godebug string // GODEBUG of the suites, on both sides
}

func (v *variant) flags() {
	flag.StringVar(&v.without, "without", "", "leave these `features` out of the drop-in")
	flag.StringVar(&v.options, "options", "", "RCGO=`options` for the suites on the drop-in")
	flag.StringVar(&v.godebug, "godebug", "", "GODEBUG=`settings` for the suites on both sides")
}

// name tells files and results of a variant from those of the default.
func (v *variant) name() string {
	name := ""
	if v.without != "" {
		name += "-without-" + v.without
	}
	if v.options != "" {
		name += "-" + v.options
	}
	return name + v.stockName()
}

// stockName tells results of stock, which only what holds for both sides changes.
func (v *variant) stockName() string {
	if v.godebug == "" {
		return ""
	}
	return "-" + v.godebug
}

// overlayArgs are the words that make rcgo write the overlay.
func (v *variant) overlayArgs(out string) []string {
	args := []string{"overlay", "-o", out}
	if v.without != "" {
		args = append(args, "--without="+v.without)
	}
	return args
}

func (v *variant) env() []string {
	env := v.stockEnv()
	if v.options != "" {
		env = append(env, "RCGO="+v.options)
	}
	return env
}

func (v *variant) stockEnv() []string {
	if v.godebug == "" {
		return nil
	}
	return []string{"GODEBUG=" + v.godebug}
}
