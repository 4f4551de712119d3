// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package cmem_test

import (
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"unsafe"

	"rcgo.example/cmem"
	"rcgo.example/leaf"
)

// Strings that end at an unmapped page, and strings followed by zeros or by other bytes: nothing is read out of bounds,
// and bytes beyond the string do not count.
func TestStringEdges(t *testing.T) {
	size := syscall.Getpagesize()
	pages, err := syscall.Mmap(-1, 0, 2*size, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Munmap(pages)
	if err := syscall.Mprotect(pages[size:], syscall.PROT_NONE); err != nil {
		t.Fatal(err)
	}
	page := pages[:size]
	a := cmem.Get()
	defer a.Put()
	for _, after := range []byte{0, 'y'} {
		for n := 0; n < 200; n++ {
			for _, space := range []int{0, 1, 15, 31, 32, 33, 63, 64, 100} {
				at := page[size-space-n:]
				for i := range at {
					at[i] = after
				}
				for i := 0; i < n; i++ {
					at[i] = 'x'
				}
				m := a.Mark()
				p, err := a.String(view(at[:n]))
				if err != nil || strlen(p) != uintptr(n) || must(cmem.GoString(p)) != strings.Repeat("x", n) {
					t.Fatalf("%d bytes, %d before the end, then %q: %v", n, space, after, err)
				}
				for _, i := range []int{0, n / 2, n - 1} {
					if n > 0 {
						at[i] = 0
						_, err := a.String(view(at[:n]))
						wants(t, err, cmem.ErrNUL)
						at[i] = 'x'
					}
				}
				a.Release(m)
			}
		}
	}
}

// view returns b as a string without a copy.
func view(b []byte) string { return *(*string)(unsafe.Pointer(&b)) }

// The latest block of an arena overlaps no other block, whatever is allocated beside it.
func TestStringNeighbours(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	var want []string
	var got []unsafe.Pointer
	for n := 0; n < 300; n++ {
		s := strings.Repeat(string(rune('a'+n%26)), n)
		want = append(want, s)
		got = append(got, must(a.String(s)))
		if n%3 == 0 {
			must(a.Bytes([]byte(s)))
		}
	}
	for i, p := range got {
		if must(cmem.GoString(p)) != want[i] {
			t.Errorf("string %d is another", i)
		}
	}
}

// A string that is made for the call only needs no Go memory.
func TestStringStaysOnStack(t *testing.T) {
	if fast, why := leaf.Fast(); !fast {
		t.Skip(why)
	}
	b := []byte("made for the call")
	if n := testing.AllocsPerRun(100, func() {
		a := cmem.Get()
		if strlen(must(a.String(string(b)))) != uintptr(len(b)) {
			t.Error("another string")
		}
		a.Put()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// More threads than slots, each ending after some calls: they use arenas of their own, those of ended threads, and
// arenas that belong to no thread.
func TestThreads(t *testing.T) {
	for round := 0; round < 2; round++ {
		var wg sync.WaitGroup
		for i := 0; i < 300; i++ {
			wg.Add(1)
			go func(i int) {
				defer wg.Done()
				runtime.LockOSThread() // so that the thread ends with the goroutine
				s := strings.Repeat(string(rune('a'+i%26)), i)
				for n := 0; n < 20; n++ {
					a, b := cmem.Get(), cmem.Get()
					p, q := must(a.String(s)), must(b.String(s+"!"))
					runtime.Gosched()
					if a == b || strlen(p) != uintptr(i) || strlen(q) != uintptr(i+1) {
						t.Error("another's string")
					}
					a.Put()
					b.Put()
				}
			}(i)
		}
		wg.Wait()
	}
}
