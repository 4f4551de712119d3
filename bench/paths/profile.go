// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "profile.h"
import "C"

// sampleDepth is the number of C callers of the function that a sample interrupts.
const sampleDepth = 30

func deepSignals(n int) error { return asError(C.profile_signals(C.int(n), sampleDepth)) }

func init() { paths["sample"] = path{run: deepSignals} }
