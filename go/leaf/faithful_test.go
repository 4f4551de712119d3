// SPDX-License-Identifier: BSD-3-Clause

//go:build cgo

package leaf_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"runtime/pprof"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"rcgo.example/internal/stresstest"
	"rcgo.example/leaf"
	"rcgo.example/leaf/internal/leaftest"
)

// Programs that crash or are checked are this test binary again, selected by CHILD.
var children = map[string]func(){
	"crash":             crashInLeaf,
	"plain":             crashHere,
	"profile":           profileLeaf,
	"call-go":           func() { of[func()]("call_go")() },
	"checked":           checkedLeaves,
	"checked-callbacks": func() { checkedCallbacks() },
	"short-blocks":      func() { blocks() },
	"short-panics":      func() { panics() },
	"exports":           func() { exports() },
	"hangs":             func() { hangs() },
	"coroutine":         func() { coroutine() },
	"from-leaf":         func() { fromLeaf() },
}

//go:noinline
func crashInLeaf() {
	leaftest.Traceback()
	crashHere()
}

//go:noinline
func crashHere() { of[func(*int32)]("store")(nil) }

func TestMain(m *testing.M) {
	if child := children[os.Getenv("CHILD")]; child != nil {
		child()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func runChild(t *testing.T, name string, env ...string) (string, error) {
	t.Helper()
	cmd := stresstest.Self()
	cmd.Env = append(append(os.Environ(), "CHILD="+name), env...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	timer := time.AfterFunc(time.Minute, func() { cmd.Process.Kill() })
	defer timer.Stop()
	err := cmd.Wait()
	return out.String(), err
}

func TestCrash(t *testing.T) {
	if builtWithASan {
		t.Skip("AddressSanitizer reports a crash in C by itself and ends the program")
	}
	out, err := runChild(t, "crash")
	if err == nil || !strings.Contains(out, "SIGSEGV") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, frame := range []string{"leaftest_store", "leaf_test.crashInLeaf(", "leaf_test.TestMain("} {
		if !strings.Contains(out, frame) {
			t.Errorf("no frame %s in the report of a crash in a leaf:\n%s", frame, out)
		}
	}
}

// The Go frames are there also without a traceback function.
func TestPlainCrash(t *testing.T) {
	if builtWithASan {
		t.Skip("AddressSanitizer reports a crash in C by itself and ends the program")
	}
	out, err := runChild(t, "plain")
	if err == nil || !strings.Contains(out, "SIGSEGV") {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, frame := range []string{"leaf_test.crashHere(", "leaf_test.TestMain("} {
		if !strings.Contains(out, frame) {
			t.Errorf("no %s in the report of a crash in a leaf:\n%s", frame, out)
		}
	}
}

func TestCallsGo(t *testing.T) {
	if fast, why := leaf.Fast(); !fast {
		t.Skip("an ordinary call may call Go: " + why)
	}
	out, err := runChild(t, "call-go")
	if err == nil || !strings.Contains(out, "exitsyscall: syscall frame is no longer valid") ||
		!strings.Contains(out, "rcgo.example/leaf.call") {
		t.Errorf("%v\n%s", err, out)
	}
}

// The checker must not report good leaves.
func checkedLeaves() {
	of[func()]("nothing")()
	add(1, 2)
	of[func(int) int]("spin")(1 << 24)
	of[func(int)]("sleep")(1e6)
	of[func()]("call_go")()
	of[func()]("call_go")()
	for _, f := range leaf.Findings() {
		fmt.Printf("%s long=%v blocked=%v go=%v\n", f.Name, f.CPU > 0, f.Blocked, f.CalledGo)
	}
}

func TestChecked(t *testing.T) {
	out, err := runChild(t, "checked", "RCGO=other=1,leafcheck=on")
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	wants := []string{"spin long=true", "leaf: spin took", "leaf: sleep waited", "blocked=true go=false"}
	if layoutKnown() {
		wants = append(wants, "leaf: call_go called Go", "go=true")
	}
	for _, want := range wants {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is not there once:\n%s", want, out)
		}
	}
	if strings.Contains(out, "nothing") || strings.Contains(out, "add") {
		t.Errorf("a good leaf is blamed:\n%s", out)
	}
	if out, err := runChild(t, "checked", "RCGO=leafcheck=off", "GOTRACEBACK=none"); err == nil && layoutKnown() {
		t.Errorf("unchecked, the call of Go went unnoticed:\n%s", out)
	}
}

func layoutKnown() bool {
	fast, _ := leaf.Fast()
	return fast
}

// profileLeaf writes a CPU profile of a busy leaf to the file PROFILE.
func profileLeaf() {
	leaftest.Traceback()
	spin := of[func(int) int]("spin")
	file, err := os.Create(os.Getenv("PROFILE"))
	if err == nil {
		err = pprof.StartCPUProfile(file)
	}
	if err != nil {
		panic(err)
	}
	for end := time.Now().Add(500 * time.Millisecond); time.Now().Before(end); {
		spinHere(spin)
	}
	pprof.StopCPUProfile()
}

// A profile must show the Go function that called the leaf, and the C function.
func TestProfile(t *testing.T) {
	path := t.TempDir() + "/cpu"
	if out, err := runChild(t, "profile", "PROFILE="+path); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	pprof := exec.Command("go", "tool", "pprof", "-symbolize=none", "-traces", path)
	// The go command builds it at the first use: once, and not with the flags of each way to test.
	pprof.Env = append(os.Environ(), "GOFLAGS=", "GOEXPERIMENT=", "GOARCH=", "CGO_ENABLED=", "CC=")
	out, err := pprof.CombinedOutput()
	if err != nil {
		t.Skipf("go tool pprof: %v\n%s", err, out)
	}
	for _, name := range []string{"spinHere", "leaftest_spin"} {
		if !strings.Contains(string(out), name) {
			t.Errorf("%s is not in the profile:\n%s", name, out)
		}
	}
}

//go:noinline
func spinHere(spin func(int) int) { spin(10000) }

func TestStress(t *testing.T) {
	fails := of[func(int32) (int32, syscall.Errno)]("fails")
	stresstest.Run(t, func(i int) {
		n := grow(i%50, i)
		buf := make([]byte, 1+i%300)
		for j := range buf {
			buf[j] = byte(i)
		}
		if got := sum(&buf[0], uintptr(len(buf))); got != uintptr(len(buf))*uintptr(byte(i)) {
			t.Errorf("sum: %d", got)
		}
		if r, err := fails(int32(i % 100)); err != syscall.Errno(i%100) || (r == 7) != (i%100 == 0) {
			t.Errorf("fails: %d %v", r, err)
		}
		if n != i {
			t.Errorf("grow: %d", n)
		}
		if i%10 == 0 {
			leaftest.Callback(i, func(n int) { add(n, grow(20, n)) })
		}
	})
}

// grow calls a leaf at every depth of a growing stack, and at depths of nested calls only.
func grow(depth, n int) int {
	var room [200]byte
	room[depth] = byte(n)
	if depth == 0 {
		return add(n, 0)
	}
	got := grow(depth-1, n)
	if add(got, int(room[depth])) != got+int(byte(n)) {
		return -1
	}
	return got
}

// Threads that call without a pause: stopping the world must work for leaves as it does for Go functions.
func TestPreemption(t *testing.T) {
	ofGo := stopTheWorld(plus)
	ofLeaves := stopTheWorld(add)
	t.Logf("a collection beside Go calls %v, beside leaf calls %v", ofGo, ofLeaves)
	if ofLeaves > 10*ofGo+time.Second {
		t.Errorf("a collection takes %v beside leaf calls, %v beside Go calls", ofLeaves, ofGo)
	}
}

//go:noinline
func plus(a, b int) int {
	if a < 0 {
		panic("keeps this function one that can be preempted")
	}
	return a + b
}

func stopTheWorld(f func(a, b int) int) time.Duration {
	var stop int32
	var wg sync.WaitGroup
	for i := 0; i < runtime.GOMAXPROCS(0); i++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for atomic.LoadInt32(&stop) == 0 {
				f(1, 2)
			}
		}()
	}
	start := time.Now()
	for i := 0; i < 3; i++ {
		runtime.GC()
	}
	took := time.Since(start) / 3
	atomic.StoreInt32(&stop, 1)
	wg.Wait()
	return took
}
