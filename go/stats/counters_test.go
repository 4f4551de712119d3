// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package stats_test

import (
	"encoding/json"
	"go/build"
	"os"
	"runtime"
	"strings"
	"testing"

	"rcgo.example/allthreads"
	"rcgo.example/stats"
	"rcgo.example/stats/internal/statstest"
)

func need(t *testing.T) stats.Stats {
	t.Helper()
	s, ok := stats.Read()
	// Both packages ask the same runtime/cgo.
	if ok != allthreads.Available() {
		t.Fatalf("Read says %v, allthreads.Available %v", ok, !ok)
	}
	if !ok {
		if stats.Metrics() != nil || (stats.Var{}).String() != "null" {
			t.Error("Metrics or Var have something where Read has nothing")
		}
		t.Skip("not with the stock runtime/cgo")
	}
	return s
}

func TestBuild(t *testing.T) {
	if _, ours := stats.Read(); strings.HasPrefix(stats.Build(), "runtime_cgo version=") != ours {
		t.Errorf("Build says %q", stats.Build())
	}
}

// Starts this many Go threads, and keeps them until the function that it returns is called.
func hold(n int) (release func()) {
	up, stop := make(chan bool), make(chan bool)
	for i := 0; i < n; i++ {
		go func() {
			runtime.LockOSThread() // so the thread ends with the goroutine
			up <- true
			<-stop
		}()
	}
	for i := 0; i < n; i++ {
		<-up
	}
	return func() { close(stop) }
}

func TestThreads(t *testing.T) {
	before := need(t)
	release := hold(20)
	defer release()
	now, _ := stats.Read()
	if now.ThreadsRunning < 20 || now.ThreadsPeak < now.ThreadsRunning {
		t.Errorf("20 goroutines hold threads, and %+v", now)
	}
	if before.ThreadsRunning > 0 && before.ThreadStackBytes == 0 || now.ThreadStackBytes < 20*16384 {
		t.Errorf("20 threads have %d bytes of C stacks", now.ThreadStackBytes)
	}
	if now.ThreadsStarted < before.ThreadsStarted || now.ThreadsStarted < now.ThreadsRunning {
		t.Errorf("%+v, then %+v", before, now)
	}
	// The first thread is not started.
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if n := uint64(len(tasks)); now.ThreadsRunning > n {
		t.Errorf("%d threads run, the kernel has %d", now.ThreadsRunning, n)
	}
}

func TestForeignThreads(t *testing.T) {
	before := need(t)
	if !statstest.CallFromC(100) {
		t.Fatal("C could not call Go")
	}
	now, _ := stats.Read()
	seen := before.ForeignSeen
	// Before Go 1.21 a C thread has an M of Go only during a call.
	for _, tag := range build.Default.ReleaseTags {
		if tag == "go1.21" {
			seen++
		}
	}
	if now.ForeignSeen != seen || now.ForeignBound != before.ForeignBound {
		t.Errorf("one C thread came and went: %+v, then %+v", before, now)
	}
	counted := strings.Contains(os.Getenv("RCGO"), "stats=on")
	if now.CallbacksAreCounted != counted {
		t.Errorf("calls from C are counted: %v, with RCGO=%s", now.CallbacksAreCounted, os.Getenv("RCGO"))
	}
	if calls := now.Callbacks - before.Callbacks; counted && calls < 100 || !counted && calls != 0 {
		t.Errorf("%d calls from C", calls)
	}
}

func TestAllThreads(t *testing.T) {
	before := need(t)
	if _, err := allthreads.Syscall(39); err != nil && runtime.GOARCH == "amd64" {
		t.Fatal(err) // getpid
	}
	now, _ := stats.Read()
	if now.AllThreadsCalls+now.AllThreadsGivenUp != before.AllThreadsCalls+before.AllThreadsGivenUp+1 {
		t.Errorf("%+v, then %+v", before, now)
	}
}

func TestMetricsAndVar(t *testing.T) {
	s := need(t)
	var object map[string]*uint64
	if err := json.Unmarshal([]byte(stats.Var{}.String()), &object); err != nil {
		t.Fatal(err)
	}
	if len(object) != 13 || object["threads_started"] == nil || *object["threads_started"] < s.ThreadsStarted {
		t.Errorf("%v", stats.Var{})
	}
	if (object["callbacks"] != nil) != s.CallbacksAreCounted {
		t.Errorf("callbacks: %v", stats.Var{})
	}
	names := map[string]bool{}
	for _, m := range stats.Metrics() {
		if names[m.Name] || !strings.HasPrefix(m.Name, "/rcgo/") || strings.Count(m.Name, ":") != 1 || m.Description == "" {
			t.Errorf("%+v", m)
		}
		names[m.Name] = true
		if m.Name == "/rcgo/threads/started:threads" && m.Value < s.ThreadsStarted {
			t.Errorf("%+v", m)
		}
	}
	if want := len(object); !s.CallbacksAreCounted && len(names) != want-1 || s.CallbacksAreCounted && len(names) != want {
		t.Errorf("%d metrics", len(names))
	}
}
