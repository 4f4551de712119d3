// SPDX-License-Identifier: BSD-3-Clause

package leaf_test

import (
	"io"
	"runtime"
	"runtime/pprof"
	"testing"
)

// startSIGPROF profiles at 1,000 Hz until the function that it gives is called. The runtime warns
// that StartCPUProfile cannot change the rate; that it does not is what is wanted.
func startSIGPROF(t *testing.T) func() {
	runtime.SetCPUProfileRate(1000)
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		t.Log(err)
		return func() { runtime.SetCPUProfileRate(0) }
	}
	return pprof.StopCPUProfile
}
