// SPDX-License-Identifier: BSD-3-Clause
// A drop-in other than the default one: features of it left out by rcgo, or switched by RCGO as programs start.
package main

import "flag"

// variant is what the drop-in's side is asked for beyond the default.
type variant struct {
	without string // rcgo overlay --without=
	options string // RCGO of the suites; the drop-in's alone
}

func (v *variant) flags() {
	flag.StringVar(&v.without, "without", "", "leave these `features` out of the drop-in")
	flag.StringVar(&v.options, "options", "", "RCGO=`options` for the suites on the drop-in")
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
	return name
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
	if v.options == "" {
		return nil
	}
	return []string{"RCGO=" + v.options}
}
