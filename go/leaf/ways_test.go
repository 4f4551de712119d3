// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"rcgo.example/internal/stresstest"
	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/leaftest"
)

// All tests again with the entries for a Go newer than the table, and with ordinary calls.
func TestOtherWays(t *testing.T) {
	if os.Getenv("LEAF_WAY") != "" {
		t.Skip("this is another way")
	}
	ways := []string{"any", "ordinary"}
	if fast, why := leaf.Fast(); !fast {
		t.Logf("calls are ordinary ones already: %s", why)
		ways = nil
	}
	for _, way := range ways {
		cmd := stresstest.Self()
		cmd.Args = append(cmd.Args, "-test.timeout=5m")
		if testing.Short() {
			cmd.Args = append(cmd.Args, "-test.short")
		}
		cmd.Env = append(os.Environ(), "LEAF_WAY="+way)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("LEAF_WAY=%s: %v\n%s", way, err, out)
		} else if said := strings.Contains(string(out), "cost as much as cgo calls"); said != (way == "ordinary") {
			t.Errorf("LEAF_WAY=%s: that calls are ordinary ones is said: %v\n%s", way, said, out)
		}
	}
}

// The arguments and results of both kinds of call must survive a collection during the call.
func TestKeepsAlive(t *testing.T) {
	if fast, _ := leaf.Fast(); fast {
		t.Skip("a call on the fast path may not call Go")
	}
	alive := of[func(a, b unsafe.Pointer, x float64, n uintptr, c *int32) uintptr]("collects")
	two := of[func(a unsafe.Pointer, n uintptr) uintptr]("collects_two")
	for i := 0; i < 20; i++ {
		if got := alive(fresh(1), fresh(2), 0.5, 3, (*int32)(fresh(4))); got != 1+2+4+3 {
			t.Fatalf("round %d: %d", i, got)
		}
		if got := two(fresh(5), 6); got != 5+6 {
			t.Fatalf("round %d: %d", i, got)
		}
	}
}

// fresh returns memory without other references.
//
//go:noinline
func fresh(n int32) unsafe.Pointer {
	p := new([16]int32)
	p[0] = n
	return unsafe.Pointer(p)
}

// A call allocates nothing, for any arguments and results.
func TestAllocs(t *testing.T) {
	six := of[func(a, b, c, d, e, f int) int]("six")
	mixed := of[func(i int32, a float64, j int, b float32, s *byte) float64]("mixed")
	half := of[func(float32) float32]("half")
	eight := of[func(a, b, c, d, e, f, g, h float64) float64]("eight")
	text := of[func(string) uintptr]("sum")
	small := of[func(int32) int8]("small")
	is := of[func(int32) bool]("is")
	fails := of[func(int32) (int32, syscall.Errno)]("fails")
	double := of[func(float64, int32) (float64, syscall.Errno)]("fails_double")
	only := of[func(int32) syscall.Errno]("fails_only")
	same := of[func(unsafe.Pointer) unsafe.Pointer]("same")
	str := &[]byte("12345\x00")[0]
	if checkedLeaf() {
		t.Skip("a call under watch allocates")
	}
	for name, call := range map[string]func(){
		"func()":                   nothing,
		"func(int, int) int":       func() { add(1, 2) },
		"six":                      func() { six(1, 2, 3, 4, 5, 6) },
		"func(3 float64) float64":  func() { fma(1, 2, 3) },
		"eight":                    func() { eight(1, 2, 3, 4, 5, 6, 7, 8) },
		"mixed":                    func() { mixed(1, 2, 3, 4, str) },
		"float32":                  func() { half(3) },
		"pointer":                  func() { sum(str, 3) },
		"string":                   func() { text("123") },
		"int8":                     func() { small(1) },
		"bool":                     func() { is(1) },
		"(int32, errno)":           func() { fails(5) },
		"(int32, errno), no error": func() { fails(0) },
		"(float64, errno)":         func() { double(1, 5) },
		"errno":                    func() { only(133) },
		"pointer result":           func() { same(unsafe.Pointer(str)) },
	} {
		if n := testing.AllocsPerRun(100, call); n != 0 {
			t.Errorf("%s: %v allocations a call", name, n)
		}
	}
}

func checkedLeaf() bool {
	_, why := leaf.Fast()
	return why == "leaves are checked"
}

func TestPointerResult(t *testing.T) {
	same := of[func(unsafe.Pointer) unsafe.Pointer]("same")
	for i := 0; i < 100; i++ {
		p := same(fresh(int32(i)))
		runtime.GC()
		if *(*int32)(p) != int32(i) {
			t.Fatalf("%d: %d", i, *(*int32)(p))
		}
	}
	if same(nil) != nil {
		t.Error("nil became something else")
	}
	pair := of[func(unsafe.Pointer, int32) (unsafe.Pointer, syscall.Errno)]("same_errno")
	if p, err := pair(fresh(7), 9); *(*int32)(p) != 7 || err != 9 {
		t.Errorf("%d, %v", *(*int32)(p), err)
	}
}

// The cost of a call, next to a cgo call of the same function: rows of two. Also run it with LEAF_WAY=ordinary.
func BenchmarkWays(b *testing.B) {
	six := of[func(a, b, c, d, e, f int) int]("six")
	mixed := of[func(i int32, a float64, j int, b float32, s *byte) float64]("mixed")
	eight := of[func(a, b, c, d, e, f, g, h float64) float64]("eight")
	fails := of[func(int32) (int32, syscall.Errno)]("fails")
	str := &[]byte("12345\x00")[0]
	for _, row := range []struct {
		name      string
		leaf, cgo func()
	}{
		{"nothing", nothing, leaftest.Nothing},
		{"add", func() { add(1, 2) }, func() { leaftest.Add(1, 2) }},
		{"sum", func() { sum(str, 3) }, func() { leaftest.Sum(str, 3) }},
		{"six", func() { six(1, 2, 3, 4, 5, 6) }, func() { leaftest.Six(1, 2, 3, 4, 5, 6) }},
		{"fma", func() { fma(1, 2, 3) }, func() { leaftest.Fma(1, 2, 3) }},
		{"eight", func() { eight(1, 2, 3, 4, 5, 6, 7, 8) }, func() { leaftest.Eight(1, 2, 3, 4, 5, 6, 7, 8) }},
		{"mixed", func() { mixed(1, 2, 3, 4, str) }, func() { leaftest.Mixed(1, 2, 3, 4, str) }},
		{"errno", func() { fails(5) }, func() { leaftest.Fails(5) }},
	} {
		for _, way := range []struct {
			name string
			call func()
		}{{"leaf", row.leaf}, {"cgo", row.cgo}} {
			b.Run(row.name+"/"+way.name, func(b *testing.B) {
				b.ReportAllocs()
				for i := 0; i < b.N; i++ {
					way.call()
				}
			})
		}
	}
}
