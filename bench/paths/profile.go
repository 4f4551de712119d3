// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "profile.h"
import "C"

// sampleDepth is how many calls of C lie above the one that a sample interrupts.
const sampleDepth = 30

func deepSignals(n int) error { return asError(C.profile_signals(C.int(n), sampleDepth)) }

func init() { paths["sample"] = path{run: deepSignals} }
