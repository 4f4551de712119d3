// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package cmem_test

import (
	"bytes"
	"errors"
	"math/rand"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/cmem"
	"rcgo.example/cmem/internal/cmemtest"
	"rcgo.example/internal/stresstest"
	"rcgo.example/leaf"
)

var strlen = leaf.Of[func(unsafe.Pointer) uintptr]("strlen", cmemtest.Strlen)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func wants(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%v, not %v", err, want)
	}
}

func TestStrings(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	for n := 0; n < 100000; n = n*3 + 1 {
		s := strings.Repeat("x", n)
		p := must(a.String(s))
		if cmemtest.Length(p) != n || must(cmem.GoString(p)) != s {
			t.Errorf("a string of %d bytes is %d in C", n, cmemtest.Length(p))
		}
	}
	list := []string{"one", "", "three", "vier"}
	p := must(a.Strings(list))
	if got := cmemtest.Join(p); got != "onethreevier" {
		t.Errorf("%q", got)
	}
	if got := must(cmem.GoStrings(p)); strings.Join(got, ",") != "one,,three,vier" {
		t.Errorf("%q", got)
	}
	if got := must(cmem.GoStrings(must(a.Strings(nil)))); len(got) != 0 {
		t.Errorf("%q", got)
	}
	for n := 1; n < 300; n++ {
		b := bytes.Repeat([]byte{0xff, 0x80, 1}, n)[:n]
		if s := string(b); must(cmem.GoString(must(a.String(s)))) != s {
			t.Fatalf("a string of %d bytes came back as another", n)
		}
		b[rand.Intn(n)] = 0
		_, err := a.String(string(b))
		wants(t, err, cmem.ErrNUL)
	}
	_, err := a.Strings([]string{"a", "b\x00"})
	wants(t, err, cmem.ErrNUL)
}

func TestStructs(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	items := []cmemtest.Item{
		{Number: 2, Name: must(a.String("ab")), Weight: 10},
		{Number: 3, Name: must(a.String("c")), Weight: 100},
	}
	if got := cmemtest.Weigh(must(cmem.Slice(a, items))); got != 2*2*10+3*100 {
		t.Errorf("%v", got)
	}
	one := must(cmem.Struct(a, items[1]))
	if one.Number != 3 || *one != items[1] || one == &items[1] {
		t.Errorf("%+v", one)
	}
	if b := must(a.Bytes([]byte{1, 0, 2})); !bytes.Equal(must(cmem.Copy[byte](b, 3)), []byte{1, 0, 2}) {
		t.Error("Bytes")
	}
	if z := must(a.Zeroed(1000)); !bytes.Equal(must(cmem.Copy[byte](z, 1000)), make([]byte, 1000)) {
		t.Error("Zeroed")
	}
	_, err := a.Zeroed(-1)
	wants(t, err, cmem.ErrNegative)
	_, err = a.Zeroed(1 << 31)
	wants(t, err, cmem.ErrTooLong)
}

// settled returns the bytes in use after the collector has freed the arenas of earlier tests.
func settled() int64 {
	last := int64(-1)
	for i := 0; i < 100 && last != int64(cmem.Count().Bytes); i++ {
		last = int64(cmem.Count().Bytes)
		for k := 0; k < 3; k++ { // sync.Pool keeps its content for two collections
			runtime.GC()
			time.Sleep(5 * time.Millisecond)
		}
	}
	return int64(cmem.Count().Bytes)
}

// Memory that was allocated before a mark stays unchanged, whatever is allocated and released after it.
func TestMarks(t *testing.T) {
	var a cmem.Arena
	defer a.Free()
	before := settled()
	kept := must(a.String("kept"))
	m := a.Mark()
	for i := 0; i < 1000; i++ {
		must(a.Bytes(bytes.Repeat([]byte{byte(i)}, rand.Intn(5000))))
		if i%100 == 99 {
			a.Release(m)
		}
	}
	a.Release(m)
	if got := must(cmem.GoString(kept)); got != "kept" {
		t.Errorf("%q", got)
	}
	a.Free()
	if now := int64(cmem.Count().Bytes); now != before {
		t.Errorf("%d bytes, %d before", now, before)
	}
	empty := cmem.Arena{}
	m = empty.Mark()
	must(empty.String("x"))
	empty.Release(m)
	must(empty.String("y"))
	empty.Free()
}

func TestTogether(t *testing.T) {
	var wg sync.WaitGroup
	for i := 0; i < 200; i++ {
		wg.Add(1)
		go func(i int) {
			defer wg.Done()
			for n := 0; n < 200; n++ {
				a := cmem.Get()
				s := strings.Repeat(string(rune('a'+i%26)), n)
				p := must(a.String(s))
				if n%50 == 0 {
					runtime.Gosched()
				}
				if strlen(p) != uintptr(n) || must(cmem.BorrowString(p)) != s {
					t.Errorf("another's string")
				}
				a.Put()
			}
		}(i)
	}
	wg.Wait()
}

// Arenas are filled, read by C and returned while stacks grow and move; some memory is left to the collector.
func TestStress(t *testing.T) {
	before := cmem.Count().Owned
	stresstest.Run(t, func(i int) {
		a := cmem.Get()
		s := strings.Repeat(string(rune('a'+i%26)), i%300)
		p := must(a.String(s))
		list := must(a.Strings([]string{s, "", s}))
		stresstest.Grow(i%30, func() {
			m := a.Mark()
			if q := must(a.String(s)); strlen(q) != uintptr(len(s)) {
				t.Error("another's string")
			}
			a.Release(m)
		})
		if must(cmem.GoString(p)) != s || cmemtest.Join(list) != s+s {
			t.Error("another's strings")
		}
		a.Put()
		if i%20 == 0 {
			must(cmem.Alloc(100)).Bytes()[99] = 1
		}
	})
	collect(t, before)
}

// collect waits until the collector has freed unreachable memory.
func collect(t *testing.T, left int64) {
	t.Helper()
	for end := time.Now().Add(time.Minute); cmem.Count().Owned != left; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%+v, %d should be left", cmem.Count(), left)
		}
		runtime.GC()
	}
}

func TestViews(t *testing.T) {
	a := cmem.Get()
	defer a.Put()
	p := must(cmem.Slice(a, []int32{1, 2, 3, 4}))
	at := unsafe.Pointer(&p[0])
	if got := must(cmem.Borrow[int32](at, 4)); &got[0] != &p[0] || got[3] != 4 {
		t.Errorf("%v", got)
	}
	_, err := cmem.Borrow[int32](unsafe.Add(at, 1), 2)
	wants(t, err, cmem.ErrMisaligned)
	_, err = cmem.Borrow[int32](nil, 1)
	wants(t, err, cmem.ErrNil)
	_, err = cmem.Borrow[int32](at, -1)
	wants(t, err, cmem.ErrNegative)
	_, err = cmem.Borrow[int32](at, 1<<30)
	wants(t, err, cmem.ErrTooLong)
	_, err = cmem.BorrowString(nil)
	wants(t, err, cmem.ErrNil)
	_, err = cmem.GoStrings(nil)
	wants(t, err, cmem.ErrNil)
	_, err = cmem.GoStringUTF8(must(a.String("\xff")))
	wants(t, err, cmem.ErrUTF8)
	if s := must(cmem.BorrowStringN(must(a.Bytes([]byte("a\x00b"))), 3)); s != "a\x00b" {
		t.Errorf("%q", s)
	}
}

func TestOwned(t *testing.T) {
	before := cmem.Count()
	o := must(cmem.Alloc(100))
	if b := o.Bytes(); len(b) != 100 || !bytes.Equal(b, make([]byte, 100)) {
		t.Errorf("%v", b)
	}
	if now := cmem.Count(); now.Owned != before.Owned+1 || now.Bytes != before.Bytes+100 {
		t.Errorf("%+v, %+v before", now, before)
	}
	if !o.Free() || o.Free() || o.Pointer() != nil || o.Bytes() != nil {
		t.Error("Free")
	}
	for i := 0; i < 100; i++ {
		must(cmem.Alloc(1000)).Bytes()[999] = 1
	}
	collect(t, before.Owned)
	if now := cmem.Count(); now.Owned != before.Owned || now.Collected != before.Collected+100 {
		t.Errorf("%+v, %+v before", now, before)
	}
	_, err := cmem.Alloc(-1)
	wants(t, err, cmem.ErrNegative)
	_, err = cmem.Alloc(1 << 31)
	wants(t, err, cmem.ErrTooLong)
}

func TestSoftLimit(t *testing.T) {
	calls := make(chan cmem.Counts, 100)
	limit := cmem.Count().Bytes + 1<<20
	cmem.SetSoftLimit(limit, func(c cmem.Counts) { calls <- c })
	defer cmem.SetSoftLimit(0, nil)
	var all []*cmem.Owned
	for i := 0; i < 20; i++ {
		all = append(all, must(cmem.Alloc(100<<10)))
	}
	if c := <-calls; c.Bytes <= limit {
		t.Errorf("called at %d, limit %d", c.Bytes, limit)
	}
	for _, o := range all {
		o.Free()
	}
	for len(calls) > 0 {
		<-calls
	}
	must(cmem.Alloc(2 << 20)).Free()
	<-calls
}

var text = strings.Repeat("x", 40)

func BenchmarkString(b *testing.B) {
	for i := 0; i < b.N; i++ {
		a := cmem.Get()
		p, _ := a.String(text)
		strlen(p)
		a.Put()
	}
}

func BenchmarkStringStock(b *testing.B) {
	for i := 0; i < b.N; i++ {
		cmemtest.Stock(text)
	}
}
