// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo && (amd64 || arm64)

package cheap_test

import (
	"bytes"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"rcgo.example/cheap"
	"rcgo.example/cheap/internal/cheaptest"
	"rcgo.example/internal/heap"
	"rcgo.example/stats"
)

// need sets a rate for a test. Without heap profiling it checks that all functions report that.
func need(t *testing.T, rate int) {
	t.Helper()
	err := cheap.SetRate(rate)
	if err == cheap.ErrNotBuilt {
		if err := cheap.WriteProfile(&bytes.Buffer{}); err != cheap.ErrNotBuilt {
			t.Errorf("SetRate says %v, WriteProfile %v", cheap.ErrNotBuilt, err)
		}
		if _, ok := cheap.Read(); ok {
			t.Error("Read has something where there is no heap profiling")
		}
		t.Skip("not built by rcgo build --with=heap")
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cheap.SetRate(0) })
}

// A total is the sum over the stacks that contain a function.
type total struct {
	values heap.Values
	stacks []string
}

// of sums up the stacks that contain each of the functions, since a snapshot.
func of(t *testing.T, before *heap.Snapshot, functions ...string) total {
	t.Helper()
	s, err := heap.Take()
	if err != nil {
		t.Fatal(err)
	}
	// A signal handler that interrupts a recording records nothing.
	if (s.Lost != 0 && t.Name() != "TestThreadsAndSignals") || s.LostFrees != 0 {
		t.Errorf("%d samples and %d frees were lost", s.Lost, s.LostFrees)
	}
	names := heap.NewNames(s)
	var old []heap.Values
	if before != nil {
		old = before.Values()
	}
	var sum total
	for i, v := range s.Values() {
		var stack []string
		for _, f := range names.All(&s.Stacks[i]) {
			stack = append(stack, f.Function)
		}
		text := strings.Join(stack, " ")
		has := true
		for _, f := range functions {
			has = has && strings.Contains(text, f)
		}
		if !has {
			continue
		}
		for k := range v {
			if i < len(old) {
				v[k] -= old[i][k]
			}
			sum.values[k] += v[k]
		}
		if v != (heap.Values{}) {
			sum.stacks = append(sum.stacks, text)
		}
	}
	return sum
}

func take(t *testing.T) *heap.Snapshot {
	t.Helper()
	s, err := heap.Take()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// At rate 1 all numbers are exact to the byte.
func TestExact(t *testing.T) {
	need(t, 1)
	for kind, name := range cheaptest.Names {
		before := take(t)
		const n, size = 1000, 123
		p := cheaptest.Allocate(kind, size, n)
		got := of(t, before, name).values
		want := heap.Values{n, n * size, n, n * size}
		if kind == cheaptest.Realloc { // whose first block is freed
			want = heap.Values{2 * n, n*size + n*(size/2), n, n * size}
		}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		cheaptest.Release(p)
		want[2], want[3] = 0, 0
		if got := of(t, before, name).values; got != want {
			t.Errorf("%s, all freed: %v, want %v", name, got, want)
		}
	}
	if n := cheaptest.Edges(); n != 0 {
		t.Errorf("edge %d is wrong", n)
	}
}

// The same for chains of realloc, frees by other threads, ends of threads, children, and all kin of malloc.
func TestExactWays(t *testing.T) {
	need(t, 1)
	for way, w := range cheaptest.Ways {
		before := take(t)
		const n, size = 500, 640
		p := cheaptest.By(way, size, n)
		got := of(t, before, w.Name).values
		want := heap.Values{n * w.Made, n * size * w.Bytes, n, n * size}
		if got != want {
			t.Errorf("%s: %v, want %v", w.Name, got, want)
		}
		cheaptest.Release(p)
		want[2], want[3] = 0, 0
		if got := of(t, before, w.Name).values; got != want {
			t.Errorf("%s, all freed: %v, want %v", w.Name, got, want)
		}
	}
}

func TestMapEdges(t *testing.T) {
	need(t, 512<<10)
	cheaptest.Mapped = func() int64 { return must(t).Mapped }
	if n := cheaptest.MapEdges(); n != 0 {
		t.Errorf("edge %d is wrong", n)
	}
}

// Libraries come and go at the same addresses. What each has allocated keeps its name.
func TestUnloadedLibraries(t *testing.T) {
	need(t, 1)
	dir := t.TempDir()
	library := func(name string) string {
		source, path := filepath.Join(dir, name+".c"), filepath.Join(dir, "lib"+name+".so")
		text := "#include <stdlib.h>\nvoid *" + name + "(size_t n) { void *p = malloc(n); __asm__(\"\" : \"+r\"(p)); return p; }\n"
		if err := os.WriteFile(source, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		cc := os.Getenv("CC")
		if cc == "" {
			cc = "cc"
		}
		if out, err := exec.Command(cc, "-shared", "-fPIC", "-g", "-O1", "-o", path, source).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return path
	}
	names := []string{"lose_one", "lose_two"}
	paths := []string{library(names[0]), library(names[1])}
	before := take(t)
	var kept []unsafe.Pointer
	for round := 0; round < 6; round++ {
		kept = append(kept, cheaptest.FromLibrary(paths[round%2], names[round%2], 100+round, 10))
	}
	for i, name := range names {
		want := heap.Values{30, 3060 + 30*float64(i), 30, 3060 + 30*float64(i)}
		if got := of(t, before, name, "from_library", "TestUnloadedLibraries"); got.values != want {
			t.Errorf("%s: %v, want %v; all stacks:\n%s", name, got.values, want, strings.Join(of(t, before).stacks, "\n"))
		}
	}
	libraries := map[string]int64{}
	for _, l := range must(t).ByLibrary() {
		libraries[l.Name] = l.Live
	}
	if libraries["liblose_one.so"] != 3060 || libraries["liblose_two.so"] != 3090 {
		t.Errorf("by library: %v", libraries)
	}
	file := filepath.Join(dir, "profile")
	var profile bytes.Buffer
	if err := cheap.WriteProfile(&profile); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, profile.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	top := pprof(t, "-top", "-lines", "-unit=b", "-sample_index=inuse_space", file)
	for _, want := range []string{"3060B", "3090B", "lose_one.c:2", "lose_two.c:2"} {
		if !strings.Contains(top, want) {
			t.Errorf("-top lacks %s:\n%s", want, top)
		}
	}
	for _, p := range kept {
		cheaptest.Release(p)
	}
}

func TestExactTotals(t *testing.T) {
	need(t, 1)
	before, _ := cheap.Read()
	p := cheaptest.Allocate(cheaptest.Malloc, 1000, 5000)
	now, _ := cheap.Read()
	// The test itself allocates little C memory, and none here.
	if now.Live-before.Live != 5e6 || now.LiveObjects-before.LiveObjects != 5000 || now.Allocated-before.Allocated != 5e6 {
		t.Errorf("5,000,000 bytes: %+v, then %+v", before, now)
	}
	cheaptest.Release(p)
	now, _ = cheap.Read()
	if now.Live != before.Live || now.LiveObjects != before.LiveObjects {
		t.Errorf("all freed: %+v, then %+v", before, now)
	}
	if now.Rate != 1 || now.Lost != 0 || now.ThreadStacks < 16384 {
		t.Errorf("%+v", now)
	}
	values := map[string]uint64{}
	for _, m := range stats.Metrics() {
		values[m.Name] = m.Value
	}
	if live := int64(values["/rcgo/cheap/live:bytes"]); live < now.Live-1e6 || live > now.Live+1e6 || values["/rcgo/cheap/rate:bytes"] != 1 {
		t.Errorf("%+v, and metrics %v", now, values)
	}
}

// At other rates the estimates are within 4 standard errors.
func TestEstimates(t *testing.T) {
	for _, rate := range []int{4 << 10, 64 << 10, 512 << 10} {
		need(t, rate)
		for kind, size := range []int{64, 1000, 20000, 300000} {
			before := take(t)
			n := 64 << 20 / size
			p := cheaptest.Allocate(kind, size, n)
			got := of(t, before, cheaptest.Names[kind]).values
			probability := 1 - math.Exp(-float64(size|1)/float64(rate))
			sigma := math.Sqrt(float64(n) * (1 - probability) / probability)
			if off := math.Abs(got[2]-float64(n)) / (sigma + 1e-3); off > 4 {
				t.Errorf("rate %d, %d blocks of %d: %.0f, which is %.1f standard errors off", rate, n, size, got[2], off)
			}
			cheaptest.Release(p)
			if got := of(t, before, cheaptest.Names[kind]).values; math.Abs(got[2]) > 1e-6 {
				t.Errorf("rate %d, %d blocks of %d, freed: %v", rate, n, size, got)
			}
		}
	}
}

//go:noinline
func direct() unsafe.Pointer { return cheaptest.Allocate(cheaptest.Malloc, 77, 10) }

//go:noinline
func deep(n int) unsafe.Pointer {
	if n == 0 {
		return direct()
	}
	return deep(n - 1)
}

// The Go frames of each way into C.
func TestGoFrames(t *testing.T) {
	need(t, 1)
	var kept []unsafe.Pointer
	keep := func(p unsafe.Pointer) { kept = append(kept, p) }
	shapes := []struct {
		name string
		run  func()
		want []string
	}{
		{"direct", func() { keep(direct()) },
			[]string{"by_malloc allocate", "cheaptest.Allocate rcgo.example/cheap_test.direct", "TestGoFrames", "testing.tRunner"}},
		{"deep", func() { keep(deep(20)) },
			[]string{"by_malloc", "cheap_test.direct" + strings.Repeat(" rcgo.example/cheap_test.deep", 21), "testing.tRunner"}},
		{"leaf", func() { keep(cheaptest.AllocateByLeaf(cheaptest.Malloc, 77, 10)) },
			[]string{"by_malloc allocate", "cheaptest.AllocateByLeaf", "TestGoFrames", "testing.tRunner"}},
		{"leaf over old words", func() {
			keep(cheaptest.AllocateOverWords(cheaptest.Malloc, 77, 10, reflect.ValueOf(deep).Pointer()+1))
		}, []string{"by_malloc allocate", "cheaptest.AllocateOverWords rcgo.example/cheap_test.TestGoFrames", "testing.tRunner"}},
		{"callback", func() { cheaptest.InCallback(func() { keep(direct()) }) },
			[]string{"by_malloc", "cheap_test.direct", "cheaptest.cheaptestCalled", "cheaptest.InCallback", "testing.tRunner"}},
		{"nested callback", func() {
			cheaptest.InCallback(func() { cheaptest.InCallback(func() { keep(direct()) }) })
		}, []string{"cheap_test.direct", "InCallback", "cheaptestCalled", "testing.tRunner"}},
		{"goroutine", func() {
			done := make(chan bool)
			go func() { keep(direct()); done <- true }()
			<-done
		}, []string{"by_malloc allocate", "cheap_test.direct rcgo.example/cheap_test.TestGoFrames.func"}},
		{"C thread", func() { keep(cheaptest.OnThread(77)) }, []string{"by_malloc allocate thread_main"}},
	}
	for _, shape := range shapes {
		before := take(t)
		shape.run()
		// Before Go 1.21, on arm64, frame pointers do not move with a stack, so the oldest functions may be missing.
		if last := len(shape.want) - 1; runtime.GOARCH == "arm64" && shape.want[last] == "testing.tRunner" &&
			regexp.MustCompile(`^go1\.(19|20)\b`).MatchString(runtime.Version()) {
			shape.want = shape.want[:last]
		}
		got := of(t, before, shape.want...)
		if got.values[2] != 10 || got.values[3] != 770 {
			t.Errorf("%s: %v in stacks with %q; all stacks:\n%s", shape.name, got.values, shape.want,
				strings.Join(of(t, before).stacks, "\n"))
		}
		if shape.name == "nested callback" && (len(got.stacks) != 1 || strings.Count(got.stacks[0], "cheaptestCalled") != 2) {
			t.Errorf("%s: %q", shape.name, got.stacks)
		}
		if shape.name == "C thread" && strings.Contains(strings.Join(got.stacks, ""), "testing.") {
			t.Errorf("%s: %q", shape.name, got.stacks)
		}
	}
	for _, p := range kept {
		cheaptest.Release(p)
	}
}

func TestMappings(t *testing.T) {
	need(t, 512<<10)
	start, _ := cheap.Read()
	change := func() int64 { now, _ := cheap.Read(); return now.Mapped - start.Mapped }
	before := take(t)
	const size = 1 << 20
	p := cheaptest.Map(size)
	if got := of(t, before, "map_pages", "cheaptest.Map", "TestMappings"); got.values[3] != size || change() != size {
		t.Errorf("1 MiB mapped: %v, %d; all stacks:\n%s", got, change(), strings.Join(of(t, before).stacks, "\n"))
	}
	p = cheaptest.Remap(p, size, 3*size)
	if change() != 3*size {
		t.Errorf("grown to 3 MiB: %d", change())
	}
	// A gap in the middle.
	cheaptest.Unmap(unsafe.Add(p, size), size)
	if change() != 2*size {
		t.Errorf("1 of 3 MiB unmapped: %d", change())
	}
	cheaptest.Unmap(p, 3*size)
	if change() != 0 {
		t.Errorf("all unmapped: %d", change())
	}
}

// Live blocks stay recorded while sampling is off, and their free is seen.
func TestOffAndOn(t *testing.T) {
	need(t, 1)
	before := take(t)
	p := cheaptest.Allocate(cheaptest.Malloc, 100, 100)
	cheap.SetRate(0)
	q := cheaptest.Allocate(cheaptest.Malloc, 100, 100)
	if got := of(t, before, "by_malloc").values; got[2] != 100 {
		t.Errorf("100 blocks, and 100 while off: %v", got)
	}
	cheaptest.Release(p)
	if got := of(t, before, "by_malloc").values; got[2] != 0 {
		t.Errorf("freed while off: %v", got)
	}
	cheap.SetRate(1)
	cheaptest.Release(q)
	if got := of(t, before, "by_malloc").values; got[2] != 0 {
		t.Errorf("what was not recorded is freed: %v", got)
	}
}

// More live blocks than the table holds: the rate is raised, and the numbers stay right.
func TestThinning(t *testing.T) {
	need(t, 16)
	before, start := take(t), must(t)
	const n, size = 400000, 48
	p := cheaptest.Allocate(cheaptest.Malloc, size, n)
	got, now := of(t, before, "by_malloc").values, must(t)
	if now.Rate <= 16 || now.Samples > 140000 {
		t.Errorf("%d live blocks: %+v", n, now)
	}
	probability := 1 - math.Exp(-float64(size|1)/float64(now.Rate))
	sigma := math.Sqrt(n * (1 - probability) / probability)
	if math.Abs(got[2]-n) > 4*sigma || math.Abs(float64(now.LiveObjects-start.LiveObjects)-n) > 4*sigma+10 {
		t.Errorf("%d blocks: %v, standard error %.0f; %+v", n, got, sigma, now)
	}
	cheaptest.Release(p)
	if got := of(t, before, "by_malloc").values; math.Abs(got[2]) > 1e-6 {
		t.Errorf("all freed: %v", got)
	}
}

func must(t *testing.T) cheap.Stats {
	t.Helper()
	s, ok := cheap.Read()
	if !ok {
		t.Fatal("Read has nothing")
	}
	return s
}

// Other threads may hold every lock when a child is forked.
func TestForksInStress(t *testing.T) {
	need(t, 1)
	if good := cheaptest.ForksInStress(50); good != 50 {
		t.Errorf("%d of 50 children could allocate", good)
	}
	if _, ok := cheap.Read(); !ok {
		t.Error("the parent's profile is gone")
	}
}

func TestThreadsAndSignals(t *testing.T) {
	need(t, 1)
	before := take(t)
	if n := cheaptest.SignalsInStress(300); n < 100 {
		t.Errorf("only %d signals came", n)
	}
	cheaptest.ShortThreads(2000)
	if got := of(t, before, "stress_thread").values; got[2] != 0 || got[0] < 1000 {
		t.Errorf("threads that freed all: %v", got)
	}
	if got := of(t, before, "mapping_handler").values; got[2] != 0 || got[0] < 50 {
		t.Errorf("handlers that unmapped all: %v", got)
	}
	if got := of(t, before, "thread_main").values; got[0] != 20000 || got[2] != 0 {
		t.Errorf("2,000 short threads with 10 blocks each: %v", got)
	}
}

func pprof(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", append([]string{"tool", "pprof"}, args...)...)
	// It is built at the first use, for this machine, and not with our runtime/cgo.
	cmd.Env = append(os.Environ(), "GOFLAGS=", "GOARCH=", "CC=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("go tool pprof %q: %v\n%s", args, err, out)
	}
	return string(out)
}

// go tool pprof reads the profile, with and without -base.
func TestPprof(t *testing.T) {
	need(t, 1)
	dir := t.TempDir()
	write := func(name string) string {
		path := filepath.Join(dir, name)
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if err := cheap.WriteProfile(f); err != nil {
			t.Fatal(err)
		}
		return path
	}
	p := cheaptest.Allocate(cheaptest.Calloc, 4000, 1000)
	one := write("one.pb.gz")
	q := cheaptest.Allocate(cheaptest.Aligned, 3000, 1000)
	two := write("two.pb.gz")
	defer cheaptest.Release(p)
	defer cheaptest.Release(q)
	top := pprof(t, "-top", "-sample_index=inuse_space", "-unit=b", one)
	if !strings.Contains(top, "4000000B") || !strings.Contains(top, "by_calloc") || !strings.Contains(top, "TestPprof") {
		t.Errorf("-top:\n%s", top)
	}
	diff := pprof(t, "-top", "-sample_index=inuse_objects", "-base="+one, two)
	if !strings.Contains(diff, "by_aligned") || strings.Contains(diff, "by_calloc") {
		t.Errorf("-base:\n%s", diff)
	}
	traces := pprof(t, "-traces", "-sample_index=alloc_space", two)
	for _, want := range []string{"by_aligned", "cheaptest.Allocate", "cheap_test.TestPprof", "testing.tRunner"} {
		if !strings.Contains(traces, want) {
			t.Errorf("-traces lacks %s:\n%s", want, traces)
		}
	}
	lines := pprof(t, "-list=TestPprof", "-sample_index=inuse_space", two)
	if !strings.Contains(lines, "p := cheaptest.Allocate(cheaptest.Calloc, 4000, 1000)") {
		t.Errorf("-list:\n%s", lines)
	}
}

func TestHandler(t *testing.T) {
	need(t, 1)
	server := httptest.NewServer(cheap.Handler())
	defer server.Close()
	p := cheaptest.Allocate(cheaptest.Malloc, 100, 100)
	defer cheaptest.Release(p)
	if top := pprof(t, "-top", "-nodefraction=0", server.URL+"/debug/pprof/cheap"); !strings.Contains(top, "by_malloc") {
		t.Errorf("-top:\n%s", top)
	}
	// The profile shows what changes in the meantime.
	q := make(chan unsafe.Pointer)
	go func() {
		reply, err := http.Get(server.URL + "?seconds=1&gc=1")
		if err == nil {
			reply.Body.Close()
		}
		q <- nil
	}()
	<-q
	for _, bad := range []string{"x", "0", "-1"} {
		reply, err := http.Get(server.URL + "?seconds=" + bad)
		if err != nil || reply.StatusCode != http.StatusBadRequest {
			t.Errorf("seconds=%s: %v, %v", bad, reply, err)
		}
	}
}

func TestByLibrary(t *testing.T) {
	need(t, 1)
	p := cheaptest.Allocate(cheaptest.Malloc, 1000, 1000)
	defer cheaptest.Release(p)
	own := filepath.Base(os.Args[0])
	for _, l := range must(t).ByLibrary() {
		if l.Name == own && l.Live >= 1e6 && l.Live < 2e6 {
			return
		}
	}
	t.Errorf("%s has not allocated 1 MB: %+v", own, must(t).ByLibrary())
}

func BenchmarkMallocFree(b *testing.B) {
	for _, rate := range []int{0, 512 << 10, 64 << 10, 1} {
		b.Run(strconv.Itoa(rate), func(b *testing.B) {
			if cheap.SetRate(rate) != nil {
				b.Skip("not built by rcgo build --with=heap")
			}
			defer cheap.SetRate(0)
			cheaptest.Pairs(b.N)
		})
	}
}
