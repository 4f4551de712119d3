// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package ctest_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"rcgo.example/ctest"
	"rcgo.example/ctest/internal/leaks"
	"rcgo.example/internal/heap"
)

// A recorder is a test that stores its errors.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Error(args ...interface{}) { r.errors = append(r.errors, fmt.Sprint(args...)) }

func run(t *testing.T, f func(), options ...ctest.Option) []string {
	t.Helper()
	r := &recorder{TB: t}
	ctest.NoLeaks(r, f, options...)
	return r.errors
}

func TestClean(t *testing.T) {
	ctest.NoLeaks(t, leaks.Clean)
	ctest.NoLeaks(t, leaks.Owned)
}

func TestLostString(t *testing.T) {
	got := run(t, leaks.LoseString)
	if len(got) != 1 || !strings.HasPrefix(got[0], "C memory is lost: 3 blocks, 15 bytes in 3 runs") ||
		!strings.Contains(got[0], "leaks.LoseString") || !strings.Contains(got[0], "leaks.go:") ||
		!strings.Contains(got[0], "ctest_test.TestLostString") {
		t.Errorf("%q", got)
	}
}

func TestLostState(t *testing.T) {
	got := run(t, func() { leaks.Clean(); leaks.LoseState() })
	text := strings.Join(got, "\n")
	if !strings.Contains(text, "state_new") || !strings.Contains(text, "leaks.LoseState") {
		t.Errorf("%s", text)
	}
	blocks := 0
	for _, s := range got {
		var n int
		fmt.Sscanf(s, "C memory is lost: %d blocks", &n)
		blocks += n
	}
	if blocks != 15 {
		t.Errorf("%d blocks of 15 are reported:\n%s", blocks, text)
	}
	if got := run(t, leaks.LoseState, ctest.Allow("state_new")); len(got) != 0 {
		t.Errorf("allowed: %q", got)
	}
	if got := run(t, leaks.LoseState, ctest.Allow("LoseState")); len(got) != 0 {
		t.Errorf("allowed by its Go function: %q", got)
	}
	if got := run(t, leaks.LoseState, ctest.Allow("tate_new")); len(got) == 0 {
		t.Error("part of a name was allowed")
	}
}

func TestLostOnThread(t *testing.T) {
	got := run(t, leaks.LoseOnThread)
	if len(got) != 1 || !strings.Contains(got[0], "369 bytes") || !strings.Contains(got[0], "lose") {
		t.Errorf("%q", got)
	}
}

// A leak of one parallel test is not reported by another.
func TestParallel(t *testing.T) {
	for i := 0; i < 4; i++ {
		loses := i%2 == 1
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			got := run(t, func() {
				if loses {
					leaks.LoseState()
				} else {
					leaks.Clean()
				}
				time.Sleep(20 * time.Millisecond)
			})
			if (len(got) != 0) != loses {
				t.Errorf("loses %v: %q", loses, got)
			}
		})
	}
}

// The rate is restored.
func TestRate(t *testing.T) {
	if !heap.Built() {
		t.Skip("not built by rcgo build --with=heap")
	}
	if err := heap.SetRate(12345); err != nil {
		t.Fatal(err)
	}
	defer heap.SetRate(0)
	ctest.NoLeaks(t, leaks.Clean)
	if n, _ := heap.Read(); n.Rate != 12345 {
		t.Errorf("the rate is %d after NoLeaks", n.Rate)
	}
}
