// SPDX-License-Identifier: BSD-3-Clause

//go:build race || goexperiment.runtimesecret

package leaf

// unsupported: an ordinary call tells the race detector about its ordering, and erases the registers of secret code; a
// leaf call does neither.
func unsupported() string {
	return "the race detector or the experiment runtimesecret wants ordinary calls"
}
