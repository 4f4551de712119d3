// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package leaf_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"unsafe"

	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/callbacktest"
	"rcgo.example/leaf/internal/ccall"
)

// What the rules of callbacks forbid ends with a report, not with a hang. Others are in TestShortAgainstItsRules,
// TestCheckedCallbacks, TestCalledFreed and TestExports.
func TestBrokenRules(t *testing.T) {
	if fast, _ := leaf.FastCallbacks(); !fast {
		t.Skip("ordinary calls have no such rules")
	}
	for name, wants := range map[string][]string{
		"hangs":     {"leaf: no goroutine has run", "rcgo_mutex_lock", "SIGQUIT", "leaf_test.lockAcross"},
		"coroutine": {"morestack on g0"},
		"from-leaf": {"exitsyscall: syscall frame is no longer valid"},
	} {
		if name == "coroutine" && builtWithASan {
			continue // AddressSanitizer does not know this stack
		}
		out, err := runChild(t, name, "RCGO=leafcheck=hangs")
		if err == nil {
			t.Errorf("%s: no error\n%s", name, out)
		}
		for _, want := range wants {
			if !strings.Contains(out, want) {
				t.Errorf("%s: %v, no %q\n%s", name, err, want, out)
			}
		}
	}
}

//go:noinline
func lockAcross(cb *leaf.Callback) {
	for {
		withPlainMutex(cb.Pointer(), 1000)
	}
}

func init() {
	hangs = func() {
		ccall.SetHangLimit(1)
		var keep [2]*[64]int
		cb := leaf.CallbackOf("allocates", func(i, one uintptr) uintptr {
			keep[i%2] = new([64]int)
			return i
		})
		for i := 0; i < 4; i++ {
			go lockAcross(cb)
		}
		for {
			runtime.GC()
		}
	}
	coroutine = func() {
		leaf.WithCallbacks[func(unsafe.Pointer)]("on_other_stack", callbacktest.OnOtherStack)(leaf.CallbackOf("collect", func() { runtime.GC() }).Pointer())
		os.Exit(0)
	}
	fromLeaf = func() {
		fmt.Println(leaf.Of[func(fn unsafe.Pointer, n, arg uintptr) uintptr]("repeat", callbacktest.Repeat)(plusCallback.Pointer(), 1, 1))
		os.Exit(0)
	}
}
