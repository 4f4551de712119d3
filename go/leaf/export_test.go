// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"unsafe"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/callbacktest"
)

var exportsInRegion = leaf.WithCallbacks[func(fn unsafe.Pointer, n uintptr) uintptr]("exports_in_region", callbacktest.ExportsInRegion)

// C in a call with callbacks calls an exported Go function: with the drop-in that is allowed.
func TestExports(t *testing.T) {
	if !leaf.MayCallExports() {
		out, err := runChild(t, "exports")
		if err == nil || !strings.Contains(out, "exitsyscall: syscall frame is no longer valid") {
			t.Errorf("%v\n%s", err, out)
		}
		return
	}
	defer func(f func(a, b uintptr) uintptr) { callbacktest.OnExport = f }(callbacktest.OnExport)
	callbacktest.OnExport = func(a, b uintptr) uintptr {
		switch a % 7 {
		case 0:
			runtime.GC()
		case 1:
			deep(200)
		case 2:
			if got := repeat(plusCallback.Pointer(), 10, 1); got != 55 {
				t.Errorf("a call in an exported function: %d", got)
			}
		case 3:
			if got := repeat(callbacktest.Export, 3, 70); b == 1 && got != 213 {
				t.Errorf("an exported function in an exported function: %d", got)
			}
		case 4:
			if got := callbacktest.RepeatOrdinary(callbacktest.Export, 3, 70); b == 1 && got != 213 {
				t.Errorf("an ordinary call in an exported function: %d", got)
			}
		}
		return a + b
	}
	for i := 0; i < 20; i++ {
		if got, want := busy(callbacktest.Export, 15), busy(callbacktest.Plus, 15); got != want {
			t.Errorf("registers of C: %d", got)
		}
		if got := exportsInRegion(callbacktest.Export, 10); got != 55+55 {
			t.Errorf("exported functions in regions and after them: %d", got)
		}
		p := new([64]byte) // only C has it while the collector runs
		p[9] = 9
		if q := pass(p, callbacktest.ExportVoid); q[9] != 9 {
			t.Error("another object")
		}
	}
}

func TestExportPanics(t *testing.T) {
	if !leaf.MayCallExports() || builtWithASan {
		t.Skip("exported functions end the program, or AddressSanitizer does not know that a panic abandons frames of C")
	}
	defer func(f func(a, b uintptr) uintptr) { callbacktest.OnExport = f }(callbacktest.OnExport)
	callbacktest.OnExport = func(a, b uintptr) uintptr {
		if a == 1 && b == 1 {
			panic("boom")
		}
		if a == 1 && b == 2 {
			runtime.Goexit()
		}
		return a + b
	}
	for i := 0; i < 100; i++ {
		func() {
			defer func() {
				if recover() != "boom" {
					t.Error("no panic")
				}
			}()
			repeat(callbacktest.Export, 3, 1)
		}()
		var wg sync.WaitGroup
		wg.Add(1)
		go func() {
			defer wg.Done()
			repeat(callbacktest.Export, 3, 2)
			t.Error("after Goexit")
		}()
		wg.Wait()
		if repeat(plusCallback.Pointer(), 10, 1) != 55 || repeat(callbacktest.Export, 3, 4) != 15 {
			t.Fatal("calls after a panic in an exported function")
		}
	}
}

func init() {
	exports = func() {
		fmt.Println(repeat(callbacktest.Export, 1, 1))
		os.Exit(0)
	}
}

func BenchmarkExport(b *testing.B) {
	if !leaf.MayCallExports() {
		b.Skip("needs the drop-in")
	}
	for i := 0; i < b.N; i += 1000 {
		repeat(callbacktest.Export, 1000, 1)
	}
}
