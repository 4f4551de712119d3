// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package leaf_test

import (
	"strings"
	"testing"
)

// checkedCallbacks is set where callbacks are possible.
var checkedCallbacks func()

// Each breaks a rule of callbacks. They are set where callbacks are possible.
var blocks, panics, exports, hangs, coroutine, fromLeaf func()

// Callbacks do not count as C code: only the stretches of C between them are checked, and the locks that C holds across
// them.
func TestCheckedCallbacks(t *testing.T) {
	if checkedCallbacks == nil {
		t.Skip("callbacks are not possible here")
	}
	out, err := runChild(t, "checked-callbacks", "RCGO=leafcheck=on")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wants := []string{"leaf: slow took", "between two callbacks", "slow cpu=true"}
	if strings.Contains(out, "counted=true") {
		wants = append(wants, "leaf: locked held 1 locks across a callback", "locked cpu=false blocked=false go=false locks=1")
	}
	for _, want := range wants {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, out)
		}
	}
	if strings.Contains(out, "repeat") || strings.Contains(out, "called Go") {
		t.Errorf("good C is blamed:\n%s", out)
	}
}
