// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package handle_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"rcgo.example/handle"
	"rcgo.example/handle/internal/handletest"
	"rcgo.example/internal/stresstest"
)

func TestMain(m *testing.M) {
	if os.Getenv("CHILD") == "leak" {
		leak(3)
		handle.New("kept").Delete()
		handle.WriteLeaks(os.Stdout)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func leak(n int) {
	for i := 0; i < n; i++ {
		handle.New(i)
	}
}

func TestLife(t *testing.T) {
	before := handle.Count()
	h := handle.New("value")
	if h == 0 || !h.Valid() || h.Value() != "value" || handle.FromPointer[string](h.Pointer()) != h {
		t.Fatalf("%#x does not hold", uintptr(h))
	}
	if s, err := handle.Get[string](h); s != "value" || err != nil {
		t.Errorf("Get: %q, %v", s, err)
	}
	if _, err := handle.Get[int](h); !errors.Is(err, handle.ErrType) || !strings.Contains(err.Error(), "string, not int") {
		t.Errorf("Get of another type: %v", err)
	}
	if !handletest.Valid(uintptr(h)) || !handletest.ValidOnThread(h.Pointer()) {
		t.Error("C does not think so")
	}
	h.Delete()
	if h.Valid() || handletest.Valid(uintptr(h)) || handletest.ValidOnThread(h.Pointer()) {
		t.Error("valid after Delete")
	}
	if _, err := h.Lookup(); !errors.Is(err, handle.ErrInvalid) {
		t.Errorf("Lookup: %v", err)
	}
	if err := h.Release(); !errors.Is(err, handle.ErrInvalid) {
		t.Errorf("second Delete: %v", err)
	}
	after := handle.Count()
	if after.Live != before.Live || after.Made != before.Made+1 || after.Deleted != before.Deleted+1 ||
		after.Misused != before.Misused+2 {
		t.Errorf("counts: %+v, then %+v", before, after)
	}
}

func TestNilValue(t *testing.T) {
	h := handle.New[any](nil)
	defer h.Delete()
	if v, err := h.Lookup(); v != nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
}

func panics(f func()) (s string) {
	defer func() {
		if r := recover(); r != nil {
			s = r.(error).Error()
		}
	}()
	f()
	return ""
}

func TestPanics(t *testing.T) {
	h := handle.New(1)
	h.Delete()
	for _, bad := range []handle.Handle[int]{0, 1, h, h + 1<<26, h &^ (1 << 63), ^handle.Handle[int](0)} {
		if s := panics(func() { bad.Value() }); !strings.Contains(s, "misuse of an invalid Handle") {
			t.Errorf("Value of %#x: %q", uintptr(bad), s)
		}
		if s := panics(bad.Delete); !strings.Contains(s, "misuse of an invalid Handle") {
			t.Errorf("Delete of %#x: %q", uintptr(bad), s)
		}
	}
}

// A number is never used twice, and a deleted handle never names another value.
func TestNeverAgain(t *testing.T) {
	seen := map[handle.Handle[int]]bool{}
	for i := 0; i < 20000; i++ {
		h := handle.New(i)
		if seen[h] {
			t.Fatalf("%#x was given out twice", uintptr(h))
		}
		seen[h] = true
		h.Delete()
	}
	h := handle.New("last")
	defer h.Delete()
	for old := range seen {
		if _, err := old.Lookup(); err == nil {
			t.Fatalf("%#x is valid again", uintptr(old))
		}
	}
}

// A handle of another type than its value's says so, and C's number may be converted to any.
func TestTypes(t *testing.T) {
	h := handle.New(&session{"gopher"})
	defer h.Delete()
	n := uintptr(h)
	if s := handle.Handle[*session](n).Value(); s.user != "gopher" {
		t.Errorf("Value: %v", s)
	}
	if v, ok := handle.Any(n).Value().(*session); !ok || v.user != "gopher" {
		t.Errorf("Value of an Any: %v", v)
	}
	if s, err := handle.Get[*session](uint64(n)); err != nil || s.user != "gopher" {
		t.Errorf("Get: %v, %v", s, err)
	}
	if _, err := handle.Handle[fmt.Stringer](n).Lookup(); !errors.Is(err, handle.ErrType) ||
		!strings.Contains(err.Error(), "*handle_test.session, not fmt.Stringer") {
		t.Errorf("Lookup of another type: %v", err)
	}
	if s := panics(func() { handle.Handle[string](n).Value() }); !strings.Contains(s, "not string") {
		t.Errorf("Value of another type: %q", s)
	}
	// An interface, and a nil one.
	e := handle.New(io.EOF)
	defer e.Delete()
	none := handle.New[error](nil)
	defer none.Delete()
	if v, err := e.Lookup(); v != io.EOF || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if v, err := none.Lookup(); v != nil || err != nil {
		t.Errorf("%v, %v", v, err)
	}
	if _, err := handle.Handle[int](none).Lookup(); !errors.Is(err, handle.ErrType) {
		t.Errorf("nil as an int: %v", err)
	}
}

func TestAll(t *testing.T) {
	h, gone := handle.New("here"), handle.New("gone")
	gone.Delete()
	found := 0
	handle.All()(func(a handle.Any, v any) bool {
		if v == "here" && uintptr(a) == uintptr(h) {
			found++
		}
		if v == "gone" {
			t.Error("a deleted handle")
		}
		return true
	})
	n := 0
	handle.All()(func(handle.Any, any) bool { n++; return false })
	h.Delete()
	if found != 1 || n != 1 {
		t.Errorf("found %d times; %d after a loop was left", found, n)
	}
}

func TestMany(t *testing.T) {
	before := handle.Count().Live
	var all []handle.Any
	for i := 0; i < 100000; i++ {
		all = append(all, handle.New[any](i))
	}
	rand.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	for i, h := range all {
		if i%2 == 0 {
			h.Delete()
			all[i] = handle.New[any](h)
		}
	}
	sum := 0
	for i, h := range all {
		if i%2 == 1 {
			sum += h.Value().(int)
		}
		h.Delete()
	}
	if sum == 0 || handle.Count().Live != before {
		t.Errorf("%d live, %d before", handle.Count().Live, before)
	}
}

// One goroutine makes handles, others use and delete them; of two deletions exactly one succeeds.
func TestTogether(t *testing.T) {
	const each = 20000
	made := make(chan handle.Handle[*int], 64)
	var wg sync.WaitGroup
	var mu sync.Mutex
	deleted := 0
	for i := 0; i < 4; i++ {
		wg.Add(2)
		twice := make(chan handle.Handle[*int], 64)
		go func() {
			defer wg.Done()
			for h := range made {
				if p, err := h.Lookup(); err != nil || *p < 0 {
					t.Errorf("Get: %v", err)
				}
				twice <- h
				if h.Release() == nil {
					mu.Lock()
					deleted++
					mu.Unlock()
				}
			}
			close(twice)
		}()
		go func() {
			defer wg.Done()
			for h := range twice {
				if p, err := handle.Get[*int](h); err == nil && *p < 0 {
					t.Errorf("another's value")
				}
				if h.Release() == nil {
					mu.Lock()
					deleted++
					mu.Unlock()
				}
			}
		}()
	}
	for i := 0; i < each; i++ {
		n := i
		made <- handle.New(&n)
	}
	close(made)
	wg.Wait()
	if deleted != each {
		t.Errorf("%d deletions of %d handles", deleted, each)
	}
}

// Handles are made, read, checked in C and deleted twice while stacks grow and move.
func TestStress(t *testing.T) {
	stresstest.Run(t, func(i int) {
		h := handle.New(&i)
		stresstest.Grow(i%30, func() {
			short := handle.New(i)
			if v, err := handle.Get[int](short); err != nil || v != i {
				t.Errorf("Get: %d, %v", v, err)
			}
			short.Delete()
			if short.Release() == nil || short.Valid() {
				t.Error("a stale handle is valid")
			}
		})
		if p, err := handle.Get[*int](h); err != nil || *p != i || !handletest.Valid(uintptr(h)) {
			t.Errorf("Get: %v", err)
		}
		h.Delete()
	})
}

func TestValueIsKept(t *testing.T) {
	gone := make(chan bool, 1)
	p := new([64]byte)
	runtime.SetFinalizer(p, func(*[64]byte) { gone <- true })
	h := handle.New(p)
	p = nil
	runtime.GC()
	runtime.GC()
	select {
	case <-gone:
		t.Fatal("collected while a handle stands for it")
	default:
	}
	h.Delete()
	for i := 0; i < 100; i++ {
		runtime.GC()
		select {
		case <-gone:
			return
		default:
			runtime.Gosched()
		}
	}
	t.Error("not collected after Delete")
}

func TestLeaks(t *testing.T) {
	cmd := stresstest.Self()
	cmd.Env = append(os.Environ(), "CHILD=leak", "RCGO=handles=trace")
	out, err := cmd.Output()
	if err != nil || !strings.Contains(string(out), "3 live handles made at") ||
		!strings.Contains(string(out), "handle_test.leak") || strings.Contains(string(out), "kept") {
		t.Errorf("%v\n%s", err, out)
	}
	cmd = stresstest.Self()
	cmd.Env = append(os.Environ(), "CHILD=leak", "RCGO=")
	if out, err = cmd.Output(); err != nil || !bytes.HasPrefix(out, []byte("3 handles are live; ")) {
		t.Errorf("%v\n%s", err, out)
	}
}

func FuzzInvalid(f *testing.F) {
	live := handle.New[any]("live")
	stale := handle.New[any]("stale")
	stale.Delete()
	for _, h := range []handle.Any{0, 1, live, stale, stale + 1<<26, 1 << 63, ^handle.Any(0)} {
		f.Add(uint64(h))
	}
	f.Fuzz(func(t *testing.T, n uint64) {
		h := handle.Any(n)
		v, err := h.Lookup()
		if (err == nil) != (h == live) || (err == nil) != handletest.Valid(uintptr(h)) {
			t.Errorf("%#x: %v, %v", n, v, err)
		}
		if h != live && h.Release() == nil {
			t.Errorf("%#x was deleted", n)
		}
	})
}

func BenchmarkNewValueDelete(b *testing.B) {
	v := new(int)
	for i := 0; i < b.N; i++ {
		h := handle.New(v)
		h.Value()
		h.Delete()
	}
}

func BenchmarkNewValueDeleteParallel(b *testing.B) {
	b.RunParallel(func(pb *testing.PB) {
		v := new(int)
		for pb.Next() {
			h := handle.New(v)
			h.Value()
			h.Delete()
		}
	})
}
