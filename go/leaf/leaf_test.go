// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package leaf_test

import (
	"math"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/leaftest"
)

func of[F any](name string) F { return leaf.Of[F](name, leaftest.Fn[name]) }

var (
	nothing = of[func()]("nothing")
	add     = of[func(a, b int) int]("add")
	fma     = of[func(a, b, c float64) float64]("fma")
	sum     = of[func(p *byte, n uintptr) uintptr]("sum")
)

func TestResults(t *testing.T) {
	fast, why := leaf.Fast()
	t.Log("fast path:", fast, why)
	nothing()
	if got := add(3, -40); got != -37 {
		t.Errorf("add: %d", got)
	}
	if got := of[func(a, b, c, d, e, f int) int]("six")(1, 2, 3, 4, 5, 6); got != 654321 {
		t.Errorf("six: %d", got)
	}
	if got := fma(2, 3, 4); got != 10 {
		t.Errorf("fma: %v", got)
	}
	eight := of[func(a, b, c, d, e, f, g, h float64) float64]("eight")
	if got := eight(1, 2, 3, 4, 5, 6, 7, 8); got != 87654321 {
		t.Errorf("eight: %v", got)
	}
	mixed := of[func(i int32, a float64, j int, b float32, s *byte) float64]("mixed")
	if got := mixed(-1, 2, 3, 4.5, &[]byte("12345\x00")[0]); got != -1+20+300+4500+50000 {
		t.Errorf("mixed: %v", got)
	}
	if got := of[func(float32) float32]("half")(7); got != 3.5 {
		t.Errorf("half: %v", got)
	}
	if got := of[func(int32) int32]("negative")(math.MaxInt32); got != -math.MaxInt32 {
		t.Errorf("negative: %v", got)
	}
	if got := of[func(int32) int8]("small")(0x1ff); got != -1 {
		t.Errorf("small: %v", got)
	}
	if is := of[func(int32) bool]("is"); !is(256) || is(0) {
		t.Errorf("is: %v %v", is(256), is(0))
	}
	if got := sum(&[]byte{1, 2, 3}[0], 3); got != 6 {
		t.Errorf("sum: %v", got)
	}
	if got := of[func(string) uintptr]("sum")("\x01\x02\x03\x04"); got != 10 {
		t.Errorf("sum of a string: %v", got)
	}
	if got := of[func(unsafe.Pointer) uintptr]("strlen")(unsafe.Pointer(&[]byte("four\x00")[0])); got != 4 {
		t.Errorf("strlen: %v", got)
	}
	if got := of[func(uintptr) uintptr]("deep")(3); got != 300000 {
		t.Errorf("deep: %v", got)
	}
}

type word int64

func TestNamedTypes(t *testing.T) {
	var f func(a, b word) word
	if err := leaf.Bind(&f, "add", leaftest.Fn["add"]); err != nil {
		t.Fatal(err)
	}
	if got := f(1<<40, 2); got != 1<<40+2 {
		t.Errorf("add: %v", got)
	}
}

func TestErrno(t *testing.T) {
	fails := of[func(int32) (int32, syscall.Errno)]("fails")
	if r, err := fails(int32(syscall.EXDEV)); r != -1 || err != syscall.EXDEV {
		t.Errorf("fails: %d, %v", r, err)
	}
	if r, err := fails(0); r != 7 || err != 0 {
		t.Errorf("fails: %d, %v", r, err)
	}
	double := of[func(float64, int32) (float64, syscall.Errno)]("fails_double")
	if r, err := double(1.5, 5); r != 3 || err != 5 {
		t.Errorf("fails_double: %v, %v", r, err)
	}
	if err := of[func(int32) syscall.Errno]("fails_only")(9); err != 9 {
		t.Errorf("fails_only: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	refuse := func(f interface{}, says string) {
		t.Helper()
		err := leaf.Bind(f, "f", leaftest.Fn["nothing"])
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%T: %v; want %q", f, err, says)
		}
	}
	refuse(new(func(...int)), "variadic")
	refuse(new(func(int8)), "use int32")
	refuse(new(func(bool)), "use int32")
	refuse(new(func([]byte)), "&s[0]")
	refuse(new(func(struct{ a, b int })), "pass a pointer")
	refuse(new(func(interface{})), "interface {}")
	refuse(new(func(a, b, c, d, e, f, g int)), "at most 6")
	refuse(new(func(a, b, c, d, e int, s string)), "at most 6")
	refuse(new(func(a, b, c, d, e, f, g, h, i float64)), "and 8")
	refuse(new(func() (int, int)), "one result")
	refuse(new(func() string), "one register")
	refuse(new(int), "function variable")
	refuse(func() {}, "function variable")
	if err := leaf.Bind(new(func()), "gone", nil); err == nil || !strings.Contains(err.Error(), "gone: the address is nil") {
		t.Errorf("nil address: %v", err)
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "leaf: f: ") {
			t.Errorf("Of: %v", r)
		}
	}()
	leaf.Of[func(int8)]("f", leaftest.Fn["nothing"])
}

func TestInCallback(t *testing.T) {
	done := 0
	var nest func(n int)
	nest = func(n int) {
		if got := add(n, 1); got != n+1 {
			t.Errorf("add in a callback: %d", got)
		}
		if n > 0 {
			leaftest.Callback(n-1, nest)
		}
		if got := add(n, 2); got != n+2 {
			t.Errorf("add after a callback: %d", got)
		}
		done++
	}
	nest(10)
	if done != 11 {
		t.Errorf("%d callbacks", done)
	}
}

// Of is also called before main, in a func value at package level.
var early = func() int {
	limit := 400 * time.Microsecond
	if os.Getenv("RCGO_TEST_EXEC") != "" {
		limit *= 10 // an emulator translates code when it runs for the first time
	}
	leaf.SetLimit(limit) // for all checked calls of the children, and so for this one
	return of[func(a, b int) int]("add")(20, 3)
}()

func TestEarly(t *testing.T) {
	if early != 23 {
		t.Errorf("add: %d", early)
	}
}
