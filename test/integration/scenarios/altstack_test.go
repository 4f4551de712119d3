// SPDX-License-Identifier: BSD-3-Clause
package scenarios

import (
	"strings"
	"testing"
)

// Alternate signal stacks, and what C may block; see testdata/cases/altstack.go.
func TestAltstack(t *testing.T) {
	each(t, func(t *testing.T, tc toolchain) {
		for _, words := range []string{"altstack-size", "altstack-off", "altstack-thread", "mask-fault",
			"mask-gc", "mask-elsewhere"} {
			words := words
			t.Run(words, func(t *testing.T) {
				t.Parallel()
				runCase(t, tc, words)
			})
		}
		program := cases(ours).must(t, tc)
		t.Run("altstack-overflow", func(t *testing.T) {
			// Stock Go's behaviour differs: the first frames of that stack are gone.
			o := run(t, tc, nil, nil, program, "altstack-overflow")
			if o.hung || o.exit == 0 || !strings.Contains(o.out, "runtime/cgo: signal stack overflow on thread ") {
				t.Errorf("want its name, got %v", o)
			}
		})
		t.Run("mask-off", func(t *testing.T) {
			run(t, tc, nil, []string{"RCGO=signals=off"}, program, "mask-off").want(t, 0, "done mask-off")
		})
		t.Run("stock", func(t *testing.T) {
			stock := cases(stock).must(t, tc)
			for _, words := range []string{"altstack-size", "altstack-off", "mask-fault"} {
				if o := run(t, tc, nil, nil, stock, words); o.exit == 0 {
					t.Errorf("stock passes %s too:\n%v", words, o)
				}
			}
		})
	})
}
