// SPDX-License-Identifier: BSD-3-Clause
// A drop-in other than the default one: features of it left out by rcgo, or switched by RCGO as programs start.
package main

import "flag"

// variant is what the drop-in's side is asked for beyond the default.
type variant struct {
	without string // rcgo overlay --without=
	options string // RCGO of the suites; the drop-in's alone
	godebug string // GODEBUG of the suites, on both sides
	skip    string // tests that neither side can run with that
}

func (v *variant) flags() {
	flag.StringVar(&v.without, "without", "", "leave these `features` out of the drop-in")
	flag.StringVar(&v.options, "options", "", "RCGO=`options` for the suites on the drop-in")
	flag.StringVar(&v.godebug, "godebug", "", "GODEBUG=`settings` for the suites on both sides")
	flag.StringVar(&v.skip, "skip", "", "tests to leave out on both sides, a `regexp` for go test -skip (Go 1.20)")
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
	name := ""
	if v.godebug != "" {
		name += "-" + v.godebug
	}
	if v.skip != "" {
		name += "-skip-" + v.skip
	}
	return name
}

// change makes s the variant's own.
func (v *variant) change(s suite) *suite {
	if v.skip != "" && s.Kind == kindTest {
		s.Flags = append(s.Flags[:len(s.Flags):len(s.Flags)], "-skip="+v.skip)
	}
	return &s
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
