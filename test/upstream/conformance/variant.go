// SPDX-License-Identifier: BSD-3-Clause
// A drop-in other than the default: rcgo leaves features out, or RCGO switches them when programs start.
package main

import "flag"

// variant describes how the drop-in differs from the default.
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

// name distinguishes files and results of a variant from those of the default.
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

// stockName distinguishes results of stock, which depend only on the parts of a variant that
// apply to both sides.
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

// change applies the variant to s.
func (v *variant) change(s suite) *suite {
	if v.skip != "" && s.Kind == kindTest {
		s.Flags = append(s.Flags[:len(s.Flags):len(s.Flags)], "-skip="+v.skip)
	}
	return &s
}

// overlayArgs returns the arguments with which rcgo writes the overlay.
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
