// SPDX-License-Identifier: BSD-3-Clause
package main

/*
#include "crashes.h"
*/
import "C"

import "strconv"

func init() {
	cases["crashes"] = crashes
}

// crashes N [go]: N C threads fault at once, and then a goroutine in C, too.
func crashes(args []string) error {
	n, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	if len(args) > 1 {
		C.crashes_start(C.int(n), 0)
		C.crashes_fault()
	}
	C.crashes_start(C.int(n), 1)
	return nil
}
