// SPDX-License-Identifier: BSD-3-Clause

package handle

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"unsafe"
)

// In a separate process: before the first handle the table has never been written.
func TestZeroBeforeTheFirst(t *testing.T) {
	if os.Getenv("HANDLE_TEST_FIRST") == "" {
		cmd := exec.Command(os.Args[0], "-test.run=^TestZeroBeforeTheFirst$")
		cmd.Env = append(os.Environ(), "HANDLE_TEST_FIRST=1")
		out, err := cmd.CombinedOutput()
		if errors.Is(err, syscall.ENOEXEC) {
			t.Skip("this test runs in an emulator, which must be told what to run")
		}
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return
	}
	for _, h := range []Any{0, 1, 77, ^Any(0), ^(^Any(0) >> 1)} {
		if _, err := h.Lookup(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%#x: %v", h, err)
		}
		if err := h.Release(); !errors.Is(err, ErrInvalid) {
			t.Errorf("%#x: %v", h, err)
		}
		if h.Valid() {
			t.Errorf("%#x is valid", h)
		}
	}
}

func TestGetOfNil(t *testing.T) {
	if unsafe.Sizeof(Any(0)) < 8 {
		t.Skip("handles need a system of 64 bits")
	}
	h := New[any](nil)
	defer h.Delete()
	if v, err := Get[any](h); v != nil || err != nil {
		t.Errorf("any: %v, %v", v, err)
	}
	if v, err := Get[error](h); v != nil || err != nil {
		t.Errorf("error: %v, %v", v, err)
	}
	if _, err := Get[int](h); !errors.Is(err, ErrType) || err.Error() != ErrType.Error()+": <nil>, not int" {
		t.Errorf("int: %v", err)
	}
	if _, err := Get[error](New(5)); err == nil || err.Error() != ErrType.Error()+": int, not error" {
		t.Errorf("error of an int: %v", err)
	}
}
