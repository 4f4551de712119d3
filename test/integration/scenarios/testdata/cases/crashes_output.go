// SPDX-License-Identifier: BSD-3-Clause

//go:build go1.23

package main

import (
	"os"
	"runtime/debug"
)

func init() {
	cases["crashes-output"] = crashesOutput
}

// crashes-output FILE …: as crashes, with FILE as Go's crash output.
func crashesOutput(args []string) error {
	f, err := os.Create(args[0])
	if err != nil {
		return err
	}
	if err := debug.SetCrashOutput(f, debug.CrashOptions{}); err != nil {
		return err
	}
	return crashes(args[1:])
}
