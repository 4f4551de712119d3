// SPDX-License-Identifier: BSD-3-Clause
// Threadsoak starts and ends threads of Go and of C for any length of time, with calls from C, calls on every thread,
// signals, CPU profiles and changes of the environment, and checks that nothing leaks. usage: threadsoak DURATION
package main

// #cgo CFLAGS: -pthread
// #cgo LDFLAGS: -pthread
// #include "threadsoak.h"
import "C"

import (
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

// No step takes this long, even on a busy machine.
const patience = 2 * time.Minute

var (
	stop      = make(chan bool)
	workers   sync.WaitGroup
	callbacks uint64
	failures  uint64
	longest   int64 // of the calls on every thread, in nanoseconds
	givenUp   uint64
)

//export soakCalled
func soakCalled() { atomic.AddUint64(&callbacks, 1) }

func stopped() bool {
	select {
	case <-stop:
		return true
	default:
		return false
	}
}

// A worker repeats one action; if it stops making progress, it hangs.
type worker struct {
	name   string
	rounds uint64
	seen   uint64
	since  time.Time
}

func (w *worker) start(round func(n uint64)) {
	w.since = time.Now()
	workers.Add(1)
	go func() {
		defer workers.Done()
		for n := uint64(0); !stopped(); n++ {
			round(n)
			atomic.AddUint64(&w.rounds, 1)
		}
	}()
}

// fail reports an error; the program continues, and ends with status 1.
func fail(format string, args ...interface{}) {
	if atomic.AddUint64(&failures, 1) < 20 {
		fmt.Printf("WRONG: "+format+"\n", args...)
	}
}

// goThread runs on a thread that ends with it.
func goThread(uint64) {
	done := make(chan bool)
	go func() {
		runtime.LockOSThread()
		done <- true
	}()
	<-done
}

func allThreads(n uint64) {
	begin := time.Now()
	err := C.soak_all_threads()
	took := int64(time.Since(begin))
	if took > atomic.LoadInt64(&longest) {
		atomic.StoreInt64(&longest, took)
	}
	if err == -C.long(syscall.EBUSY) || err == -C.long(syscall.EAGAIN) {
		atomic.AddUint64(&givenUp, 1)
	} else if err != 0 {
		fail("a call on every thread: %v", syscall.Errno(-err))
	}
	time.Sleep(time.Duration(n%5) * time.Millisecond)
}

func profile(uint64) {
	if err := pprof.StartCPUProfile(io.Discard); err != nil {
		fail("%v", err)
	}
	time.Sleep(300 * time.Millisecond)
	pprof.StopCPUProfile()
	time.Sleep(300 * time.Millisecond)
}

func environment(n uint64) {
	name := "SOAK_" + strconv.Itoa(int(n%40))
	if n%3 == 2 {
		os.Unsetenv(name)
	} else {
		os.Setenv(name, strconv.Itoa(int(n)))
	}
	if C.soak_env_is_right() == 0 {
		fail("C does not read what never changes")
	}
	time.Sleep(100 * time.Microsecond)
}

func collect(uint64) {
	runtime.GC()
	time.Sleep(50 * time.Millisecond)
}

// limitPending leaves pending signals to the user's other programs: Go leaks a timer for each thread that ends during a
// profile, and each timer takes the place of a pending signal.
func limitPending() {
	const pending = 11 // RLIMIT_SIGPENDING
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(pending, &limit); err != nil {
		fail("%v", err)
		return
	}
	if limit.Cur > 10000 {
		limit.Cur = 10000
	}
	if err := syscall.Setrlimit(pending, &limit); err != nil {
		fail("%v", err)
	}
}

func main() {
	duration, err := time.ParseDuration(append(os.Args, "30m")[1])
	if err != nil || len(os.Args) > 2 {
		fmt.Fprintln(os.Stderr, "usage: threadsoak DURATION")
		os.Exit(2)
	}
	os.Setenv("SOAK_KEPT", "kept")
	limitPending()
	signals := make(chan os.Signal, 100)
	signal.Notify(signals, syscall.SIGUSR1, syscall.SIGUSR2)
	go func() {
		for range signals {
		}
	}()
	all := []*worker{}
	for name, round := range map[string]func(uint64){
		"Go threads": goThread, "more Go threads": goThread, "calls on every thread": allThreads,
		"profiles": profile, "environment": environment, "collections": collect,
		"signals": func(n uint64) {
			_ = syscall.Kill(os.Getpid(), []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGURG}[n%3])
			time.Sleep(500 * time.Microsecond)
		},
	} {
		w := &worker{name: name}
		w.start(round)
		all = append(all, w)
	}
	for _, calls := range []int{0, 1, 100} {
		if C.soak_maker_start(C.int(calls)) != 0 {
			fail("a C thread could not be started")
		}
	}
	watch(duration, all)
	if failures > 0 {
		os.Exit(1)
	}
	fmt.Println("0 leaks, 0 hangs")
}

// watch checks everything until the time is over, and compares the usage at the end with that after a third of the
// time, when Go and libc have got what they keep.
func watch(duration time.Duration, all []*worker) {
	begin, made := time.Now(), uint64(0)
	madeSince := begin
	var early usage
	for next := time.Now(); time.Since(begin) < duration; {
		time.Sleep(time.Second)
		for _, w := range all {
			if n := atomic.LoadUint64(&w.rounds); n != w.seen {
				w.seen, w.since = n, time.Now()
			} else if time.Since(w.since) > patience {
				hung(w.name)
			}
		}
		if n := uint64(C.soak_threads_made()); n != made {
			made, madeSince = n, time.Now()
		} else if time.Since(madeSince) > patience {
			hung("makers of C threads")
		}
		if early.mappings == 0 && time.Since(begin) > duration/3 {
			early = now()
			fmt.Printf("early: %v\n", early)
		}
		if time.Since(next) >= 0 {
			next = next.Add(time.Minute)
			report(begin, all, made)
		}
	}
	report(begin, all, made)
	settle()
	late := now()
	for i := 0; i < 40 && !late.adds(); i++ { // Go may be starting a thread at this moment
		time.Sleep(50 * time.Millisecond)
		late = now()
	}
	fmt.Printf("late:  %v\n", late)
	early.compare(late)
}

func hung(what string) {
	fmt.Printf("HUNG: %s\n", what)
	debug.SetTraceback("all")
	panic("hung")
}

// settle ends all work and waits for everything that ends by itself.
func settle() {
	over := time.AfterFunc(patience, func() { hung("the end of the work") })
	close(stop)
	workers.Wait()
	C.soak_makers_stop()
	over.Stop()
	for i := 0; i < 100; i++ {
		var running, bound C.uint64_t
		C.soak_counted(&running, &bound)
		if bound == 0 {
			break
		}
		time.Sleep(50 * time.Millisecond)
	}
	time.Sleep(time.Second)
}

func report(begin time.Time, all []*worker, made uint64) {
	fmt.Printf("%6.0f s: %v; C threads %d, calls from C %d, longest all-threads call %v, given up %d;",
		time.Since(begin).Seconds(), now(), made, atomic.LoadUint64(&callbacks),
		time.Duration(atomic.LoadInt64(&longest)).Round(time.Microsecond), atomic.LoadUint64(&givenUp))
	for _, w := range all {
		fmt.Printf(" %s %d", w.name, w.seen)
	}
	fmt.Println()
}
