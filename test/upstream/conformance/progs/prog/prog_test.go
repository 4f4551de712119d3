// SPDX-License-Identifier: BSD-3-Clause
// Tests of every way between Go and C; they run in each build mode, stock and on the drop-in.
package prog

import (
	"bytes"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/pprof"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

func TestCall(t *testing.T) {
	if got := add(40, 2); got != 42 {
		t.Fatalf("add(40, 2) = %d", got)
	}
}

func TestNestedCallbacks(t *testing.T) {
	for _, depth := range []int{1, 10, 200} {
		if got := descend(depth); got != depth {
			t.Errorf("descend(%d) = %d", depth, got)
		}
	}
}

func TestPanicThroughC(t *testing.T) {
	for i := 0; i < 10; i++ {
		func() {
			defer func() {
				if r := recover(); r != "through C" {
					t.Errorf("recovered %v", r)
				}
			}()
			callPanic()
			t.Error("no panic came")
		}()
	}
}

func TestThreadsOfC(t *testing.T) {
	for _, altstack := range []bool{false, true} {
		t.Run(fmt.Sprintf("altstack=%v", altstack), func(t *testing.T) {
			atomic.StoreInt64(&ticks, 0)
			// More than one generation, so that ended threads give back what they held.
			for generation := 0; generation < 5; generation++ {
				if got := threads(16, 100, altstack); got != 1600 {
					t.Fatalf("generation %d: %d good calls of 1600", generation, got)
				}
			}
			if n := atomic.LoadInt64(&ticks); n != 8000 {
				t.Errorf("%d calls arrived of 8000", n)
			}
		})
	}
}

func TestManyThreadsOfGo(t *testing.T) {
	var wg sync.WaitGroup
	var bad int64
	for i := 0; i < 40; i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			runtime.LockOSThread() // Not unlocked: the thread ends with its goroutine.
			if blockedSignals() != 0 || descend(3) != 3 {
				atomic.AddInt64(&bad, 1)
			}
		}()
	}
	wg.Wait()
	if bad != 0 {
		t.Errorf("%d of 40 threads had signals blocked or wrong answers", bad)
	}
}

func TestSignalInC(t *testing.T) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	defer signal.Stop(c)
	if rc := signalSelf(int(syscall.SIGUSR1)); rc != 0 {
		t.Fatalf("pthread_kill: %d", rc)
	}
	select {
	case s := <-c:
		if s != syscall.SIGUSR1 {
			t.Errorf("got %v", s)
		}
	case <-time.After(30 * time.Second):
		t.Error("the signal did not arrive")
	}
}

func TestProfileInC(t *testing.T) {
	var buf bytes.Buffer
	if err := pprof.StartCPUProfile(&buf); err != nil {
		t.Fatal(err)
	}
	spin(300)
	if got := threads(8, 1000, false); got != 8000 {
		t.Errorf("%d good calls of 8000 while profiled", got)
	}
	pprof.StopCPUProfile()
	if buf.Len() == 0 {
		t.Error("the profile is empty")
	}
}

func TestEnvironment(t *testing.T) {
	const name = "PROG_TEST_VARIABLE"
	if err := os.Setenv(name, "a b"); err != nil {
		t.Fatal(err)
	}
	if v, ok := cGetenv(name); !ok || v != "a b" {
		t.Errorf("C sees %q, %v", v, ok)
	}
	if err := os.Unsetenv(name); err != nil {
		t.Fatal(err)
	}
	if v, ok := cGetenv(name); ok {
		t.Errorf("C still sees %q", v)
	}
}

func TestSetgidReachesAllThreads(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root")
	}
	for _, gid := range []int{1, 0} {
		if err := syscall.Setegid(gid); err != nil {
			t.Fatal(err)
		}
		if n := effectiveIDs(gid); n != 0 {
			t.Errorf("%d threads without effective group %d", n, gid)
		}
	}
}

func TestErrorsOfSetgid(t *testing.T) {
	if err := syscall.Setgid(-1); err != syscall.EINVAL {
		t.Errorf("Setgid(-1) = %v", err)
	}
	err := syscall.Setgroups(make([]int, 1<<17))
	if err != syscall.EINVAL && (os.Getuid() == 0 || err != syscall.EPERM) {
		t.Errorf("Setgroups of 131072 = %v", err)
	}
}
