// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package ring

import (
	"context"
	"fmt"
	"os"
	"reflect"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"rcgo.example/internal/membarrier"
	"rcgo.example/internal/metrics"
	"rcgo.example/ring/internal/ringtest"
)

func open(t *testing.T, o Options) *Ring[ringtest.Event] {
	t.Helper()
	r, err := New[ringtest.Event](o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r
}

func TestOffsets(t *testing.T) {
	var h header
	var l lane
	want := []uintptr{unsafe.Sizeof(h), unsafe.Offsetof(h.id), unsafe.Offsetof(h.sharedMask),
		unsafe.Offsetof(h.asleep), unsafe.Offsetof(h.refs), unsafe.Offsetof(h.full),
		unsafe.Offsetof(h.sharedTail), unsafe.Offsetof(h.sharedHead), unsafe.Offsetof(h.sharedWaiting),
		unsafe.Sizeof(l), unsafe.Offsetof(l.owner), unsafe.Offsetof(l.tail), unsafe.Offsetof(l.busy),
		unsafe.Offsetof(l.head), unsafe.Offsetof(l.waiting)}
	if got := ringtest.Offsets(); !reflect.DeepEqual(got, want) {
		t.Errorf("C has %v, Go %v", got, want)
	}
}

// A checker checks each event: complete, and in the order of its producer.
type checker struct {
	next  map[uint32]uint32
	holes bool // records may be dropped
	n     int
	wrong error
}

func (c *checker) see(batch []ringtest.Event) {
	if c.next == nil {
		c.next = map[uint32]uint32{}
	}
	for _, e := range batch {
		c.n++
		switch {
		case e.Check != uint64(e.Producer)<<32|uint64(e.Number):
			c.wrong = fmt.Errorf("a torn event: %+v", e)
		case e.Number != c.next[e.Producer] && !(c.holes && e.Number > c.next[e.Producer]):
			c.wrong = fmt.Errorf("%+v comes when %d was next", e, c.next[e.Producer])
		}
		c.next[e.Producer] = e.Number + 1
	}
}

var ways = map[string]int{"thread": ringtest.ByThread, "lane": ringtest.ByLane, "shared": ringtest.Shared}

// Every event arrives once, complete and in order, for each way to push and to wake the reader.
func TestAllArrive(t *testing.T) {
	count := uint32(200000)
	if testing.Short() {
		count = 30000
	}
	for name, way := range ways {
		for _, wake := range []Wake{Eventfd, Futex} {
			for _, fence := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s-wake%d-fence-%v", name, wake, fence), func(t *testing.T) {
					membarrier.Forbid(fence)
					defer membarrier.Forbid(false)
					allArrive(t, way, count, Options{Lanes: 8, Records: 64, Shared: 64, Wake: wake})
				})
			}
		}
	}
}

func allArrive(t *testing.T, way int, count uint32, o Options) {
	r := open(t, o)
	var producers []*ringtest.Producer
	for id := uint32(1); id <= 4; id++ {
		producers = append(producers, ringtest.Start(r.C(), id, count, way))
	}
	r.Drain() // ends when all producers have ended
	var c checker
	r.each(context.Background(), func(batch []ringtest.Event) bool { c.see(batch); return true })
	pushed := 0
	for _, p := range producers {
		n, err := p.Join()
		pushed += int(n)
		if err != 0 {
			t.Errorf("push: %v", syscall.Errno(-err))
		}
	}
	if c.wrong != nil || c.n != pushed || pushed != int(4*count) {
		t.Errorf("%d of %d events: %v", c.n, pushed, c.wrong)
	}
	if s := r.Stats(); int(s.Events) != c.n || s.Dropped != 0 {
		t.Errorf("%+v after %d events", s, c.n)
	}
}

func TestDrop(t *testing.T) {
	for name, way := range ways {
		r := open(t, Options{Lanes: 2, Records: 16, Shared: 16, Full: Drop})
		p := ringtest.Start(r.C(), 1, 1000, way)
		if n, err := p.Join(); n != 1000 || err != 0 {
			t.Errorf("%s: %d pushed, %d", name, n, err)
		}
		r.Drain()
		c := checker{holes: true}
		r.each(context.Background(), func(batch []ringtest.Event) bool { c.see(batch); return true })
		if s := r.Stats(); c.n != 16 || s.Dropped != 984 || s.Events != 16 || c.wrong != nil {
			t.Errorf("%s: %d events, %+v, %v", name, c.n, s, c.wrong)
		}
	}
}

func TestFail(t *testing.T) {
	for name, way := range ways {
		r := open(t, Options{Lanes: 2, Records: 16, Shared: 16, Full: Fail})
		if n, err := ringtest.Start(r.C(), 1, 1000, way).Join(); n != 16 || err != -int(syscall.EAGAIN) {
			t.Errorf("%s: %d pushed, %d", name, n, err)
		}
	}
	r := open(t, Options{Shared: 16})
	if n, err := ringtest.Start(r.C(), 1, 1000, ringtest.TryShared).Join(); n != 16 || err != 0 {
		t.Errorf("a push that may not wait: %d pushed, %d", n, err)
	}
}

// Close releases waiting producers, and they get an error.
func TestCloseFreesProducers(t *testing.T) {
	for name, way := range ways {
		r := open(t, Options{Lanes: 2, Records: 16, Shared: 16})
		p := ringtest.Start(r.C(), 1, 1000, way)
		for r.Stats().Full == 0 {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Millisecond) // most likely asleep now
		r.Close()
		if n, err := p.Join(); n != 16 || err != -int(syscall.EPIPE) {
			t.Errorf("%s: %d pushed, %d", name, n, err)
		}
		if s := r.Stats(); s.Full == 0 {
			t.Errorf("%s: %+v after the end", name, s)
		}
		r.each(context.Background(), func([]ringtest.Event) bool { t.Error("a batch after the end"); return false })
	}
}

// Close and the context end a sleeping loop, and a new loop may follow one that was left.
func TestEnds(t *testing.T) {
	for _, wake := range []Wake{Eventfd, Futex} {
		r := open(t, Options{Wake: wake})
		ctx, cancel := context.WithCancel(context.Background())
		for _, end := range []func(){cancel, func() { r.Close() }} {
			done := make(chan bool)
			go func() {
				r.each(ctx, func([]ringtest.Event) bool { return true })
				done <- true
			}()
			time.Sleep(20 * time.Millisecond)
			end()
			select {
			case <-done:
			case <-time.After(10 * time.Second):
				t.Fatalf("wake %d: the loop goes on", wake)
			}
			ctx = context.Background()
		}
	}
	r := open(t, Options{})
	ringtest.Push(r.C(), 600, ringtest.Shared)
	var c checker
	for c.n < 600 {
		r.each(context.Background(), func(batch []ringtest.Event) bool { c.see(batch); return false })
	}
	if c.wrong != nil {
		t.Error(c.wrong)
	}
	r.h.wakes = 0
	r.begin()
	defer func() {
		if recover() != ErrBusy {
			t.Error("two loops at a time")
		}
		r.finish()
	}()
	r.each(context.Background(), nil)
}

// Threads that end after one event: other threads take over their lanes.
func TestShortThreads(t *testing.T) {
	r := open(t, Options{Lanes: 2, Records: 1024})
	if failed := ringtest.ShortThreads(r.C(), 300); failed != 0 {
		t.Errorf("%d failed", failed)
	}
	n := 0
	r.Drain()
	r.each(context.Background(), func(batch []ringtest.Event) bool { n += len(batch); return true })
	if s := r.Stats(); n != 300 || s.Lanes > 2 {
		t.Errorf("%d events, %+v", n, s)
	}
	if number := r.Stats(); number.Events != 300 {
		t.Errorf("%+v", number)
	}
}

// A handler that interrupts a push to its own lane loses nothing.
func TestSignalHandler(t *testing.T) {
	if strings.Contains(os.Getenv("RCGO_TEST_EXEC"), "qemu") {
		t.Log("in an emulator signals come between its blocks of code only")
	}
	r := open(t, Options{Lanes: 1, Records: 256, Shared: 1024})
	byProducer := map[uint32]int{}
	var wrong error
	done := make(chan bool)
	go func() {
		r.each(context.Background(), func(batch []ringtest.Event) bool {
			for _, e := range batch {
				byProducer[e.Producer]++
				if e.Check != uint64(e.Producer)<<32|uint64(e.Number) {
					wrong = fmt.Errorf("torn: %+v", e)
				}
			}
			return true
		})
		done <- true
	}()
	pushed, handler := ringtest.Signals(r.C(), 300000)
	r.Drain()
	<-done
	if pushed != 300000 || byProducer[7] != pushed || byProducer[8] != handler || handler == 0 || wrong != nil {
		t.Errorf("%d and %d pushed, %v arrived, %v", pushed, handler, byProducer, wrong)
	}
}

func TestFork(t *testing.T) {
	if strings.Contains(os.Getenv("RCGO_TEST_EXEC"), "qemu") {
		t.Skip("qemu-user ignores MADV_WIPEONFORK")
	}
	r := open(t, Options{})
	errors, ok := ringtest.Fork(r.C())
	echild := -int32(syscall.ECHILD)
	if !ok || errors != [4]int32{echild, echild, echild, 1} {
		t.Errorf("%v %v", errors, ok)
	}
	r.Drain()
	n := 0
	r.each(context.Background(), func(batch []ringtest.Event) bool { n += len(batch); return true })
	if n != 1 {
		t.Errorf("%d events: the parent's is one", n)
	}
}

func TestChan(t *testing.T) {
	r := open(t, Options{})
	p := ringtest.Start(r.C(), 1, 5000, ringtest.ByThread)
	var c checker
	for e := range r.Chan(context.Background(), 16) {
		c.see([]ringtest.Event{e})
		if c.n == 5000 {
			r.Close()
		}
	}
	p.Join()
	if c.wrong != nil || c.n != 5000 {
		t.Errorf("%d %v", c.n, c.wrong)
	}
}

// The memory stays while C holds a reference, and is unmapped afterwards; so are the descriptors.
func TestNothingLeaks(t *testing.T) {
	count := func() (fds, maps int) {
		list, _ := os.ReadDir("/proc/self/fd")
		text, _ := os.ReadFile("/proc/self/maps")
		return len(list), strings.Count(string(text), "\n")
	}
	fds, maps := 0, 0
	for i := 0; i < 40; i++ {
		r := open(t, Options{Lanes: 4, Shared: 1 << 16})
		p := ringtest.Start(r.C(), 1, 1<<30, ringtest.ByLane)
		r.each(context.Background(), func(batch []ringtest.Event) bool { return false })
		r.Close() // while C pushes
		if _, err := p.Join(); err != -int(syscall.EPIPE) {
			t.Fatal(err)
		}
		if i == 20 {
			fds, maps = count()
		}
	}
	runtime.GC()
	if f, m := count(); f > fds+2 || m > maps+8 {
		t.Errorf("descriptors %d, then %d; mappings %d, then %d", fds, f, maps, m)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := New[struct{ S string }](Options{}); err == nil || !strings.Contains(err.Error(), "S string") {
		t.Error(err)
	}
	if _, err := New[struct{}](Options{}); err == nil {
		t.Error("a record of nothing")
	}
	if _, err := New[uint64](Options{Lanes: -1}); err == nil {
		t.Error("-1 lanes")
	}
	if _, err := New[[1000]byte](Options{Lanes: 1000, Records: 1 << 20}); err == nil || !strings.Contains(err.Error(), "MB") {
		t.Error(err)
	}
	r, err := New[uint32](Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if n, err := ringtest.Start(r.C(), 1, 1, ringtest.ByLane).Join(); n != 0 || err != -int(syscall.EINVAL) {
		t.Errorf("a record of another size: %d", err)
	}
}

func TestMetrics(t *testing.T) {
	before := map[string]uint64{}
	for _, m := range metrics.Read() {
		before[m.Name] = m.Value
	}
	r := open(t, Options{Lanes: 1, Records: 4, Full: Drop})
	ringtest.Start(r.C(), 1, 10, ringtest.ByLane).Join()
	for round := 0; round < 2; round++ { // open, and ended
		for _, m := range metrics.Read() {
			switch got := m.Value - before[m.Name]; {
			case strings.Contains(m.Name, "rings/dropped") && got != 6,
				strings.Contains(m.Name, "rings/full") && got != 6,
				strings.Contains(m.Name, "rings/open") && got != uint64(1-round):
				t.Errorf("round %d: %s is %d more", round, m.Name, got)
			}
		}
		r.Close()
	}
}

func benchmark(b *testing.B, way int, futex Wake) {
	r, err := New[ringtest.Event](Options{Records: 1 << 14, Shared: 1 << 14, Wake: futex, Lanes: 2})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan int)
	go func() {
		n := 0
		r.each(context.Background(), func(batch []ringtest.Event) bool { n += len(batch); return true })
		done <- n
	}()
	b.ResetTimer()
	ringtest.Push(r.C(), b.N, way)
	r.Drain()
	if n := <-done; n != b.N {
		b.Errorf("%d of %d", n, b.N)
	}
}

func BenchmarkThread(b *testing.B) { benchmark(b, ringtest.ByThread, Eventfd) }
func BenchmarkLane(b *testing.B)   { benchmark(b, ringtest.ByLane, Eventfd) }
func BenchmarkShared(b *testing.B) { benchmark(b, ringtest.Shared, Eventfd) }

// Pushing and reading on one thread in turns, so that no cache line moves between processors.
func benchmarkAlone(b *testing.B, way int) {
	const n = 512 // fits into the first cache
	r, err := New[ringtest.Event](Options{Records: n, Shared: n, Lanes: 2})
	if err != nil {
		b.Fatal(err)
	}
	defer r.Close()
	read := 0
	for i := 0; i < b.N; i += n {
		ringtest.Push(r.C(), n, way)
		r.poll(func(batch []ringtest.Event) bool { read += len(batch); return true })
	}
	if read < b.N {
		b.Errorf("%d of %d", read, b.N)
	}
}

func BenchmarkLaneAlone(b *testing.B)   { benchmarkAlone(b, ringtest.ByLane) }
func BenchmarkSharedAlone(b *testing.B) { benchmarkAlone(b, ringtest.Shared) }
