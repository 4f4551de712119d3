// SPDX-License-Identifier: BSD-3-Clause
package main

// #include "traceback.h"
// #include "callbacks.h"
import "C"

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"runtime"
	"runtime/pprof"
	"strings"
	"syscall"
	"unsafe"
)

func init() {
	cases["tb-context"] = caseTbContext
	cases["tb-context-panic"] = caseTbContextPanic
	cases["tb-crash"] = caseTbCrash
	cases["tb-quit"] = caseTbQuit
	cases["tb-stack"] = caseTbStack
	cases["tb-sigprof"] = caseTbProfile
	cases["tb-signals"] = caseTbSignals
}

func setTraceback() {
	runtime.SetCgoTraceback(0, unsafe.Pointer(C.tb_traceback), unsafe.Pointer(C.tb_context),
		unsafe.Pointer(C.tb_symbolizer))
}

// Runs in Go when tb_calls_go has called it at depth 0.
var atBottom func()

//export caseTbFromC
func caseTbFromC(depth C.int) {
	if depth > 0 {
		C.tb_calls_go(depth - 1)
	} else if atBottom != nil {
		atBottom()
	}
}

// balanced checks that the context function was called for n calls into Go and for their ends.
func balanced(n int) error {
	c := C.tb_count()
	if int(c.begun) != n || int(c.released) != n || c.released_wrongly != 0 {
		return fmt.Errorf("contexts: %d calls into Go, %d begun, %d released, %d wrongly", n, c.begun,
			c.released, c.released_wrongly)
	}
	return nil
}

// The context function is called at the begin and end of every call into Go, on Go threads and C threads.
func caseTbContext([]string) error {
	C.tb_calls_go(3) // before a context function is set: nothing to balance
	if err := balanced(0); err != nil {
		return err
	}
	setTraceback()
	for i := 0; i < 100; i++ {
		C.tb_calls_go(9)
	}
	if err := balanced(1000); err != nil {
		return err
	}
	if err := threads(C.THREAD_PLAIN, 40, 8, 50); err != nil {
		return err
	}
	return balanced(3000)
}

// A panic through C removes frames without a call of the context function, in every Go; the contexts of the next calls
// must be right again.
func caseTbContextPanic([]string) error {
	setTraceback()
	for i := 0; i < 100; i++ {
		func() {
			defer func() { _ = recover() }()
			atBottom = func() { panic(i) }
			C.tb_calls_go(0)
		}()
	}
	before := C.tb_count()
	atBottom = nil
	C.tb_calls_go(9)
	after := C.tb_count()
	fmt.Printf("panics: %d begun, %d released, %d wrongly; then 10 calls: %d begun, %d released\n",
		before.begun, before.released, after.released_wrongly, after.begun-before.begun,
		after.released-before.released)
	return nil
}

// Ends by SIGSEGV in C, below Go, below C: the report must name the C functions of both levels.
func caseTbCrash([]string) error {
	setTraceback()
	atBottom = func() { C.tb_crash() }
	C.tb_calls_go(1)
	return errors.New("it goes on after a crash")
}

// Ends by SIGQUIT, which asks for a report.
func caseTbQuit([]string) error {
	setTraceback()
	atBottom = func() {
		_ = syscall.Kill(syscall.Getpid(), syscall.SIGQUIT)
		select {}
	}
	C.tb_calls_go(1)
	return errors.New("it goes on after SIGQUIT")
}

// runtime.Stack shows C frames too, also those of a goroutine that does not run.
func caseTbStack([]string) error {
	setTraceback()
	var found string
	atBottom = func() {
		buf := make([]byte, 1<<16)
		found = string(buf[:runtime.Stack(buf, false)])
		wait, done := make(chan bool), make(chan bool)
		atBottom = func() { wait <- true; <-wait }
		go func() { C.tb_calls_go(0); done <- true }()
		<-wait
		found += string(buf[:runtime.Stack(buf, true)])
		wait <- true
		<-done
	}
	C.tb_calls_go(1)
	if n := strings.Count(found, "tb_calls_go\n"); n < 5 || !strings.Contains(found, "the_c_side.c:222") {
		return fmt.Errorf("%d frames of C in:\n%s", n, found)
	}
	return nil
}

// A CPU profile names the C function that was busy.
func caseTbProfile([]string) error {
	setTraceback()
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		return err
	}
	C.tb_busy_loop(500)
	pprof.StopCPUProfile()
	if c := C.tb_count(); c.interrupted == 0 {
		return errors.New("no sample was taken in C")
	}
	r, err := gzip.NewReader(&profile)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	// The strings of the profile are stored in it unencoded.
	for _, name := range []string{"tb_busy_loop", "the_c_side.c", "main.caseTbProfile"} {
		if !bytes.Contains(text, []byte(name)) {
			return fmt.Errorf("the profile lacks %s", name)
		}
	}
	return nil
}

// SIGPROF asks for the C stack each time, SIGURG never.
func caseTbSignals([]string) error {
	setTraceback()
	const n = 300
	for _, signal := range []syscall.Signal{syscall.SIGPROF, syscall.SIGURG} {
		before := C.tb_count()
		if err := C.tb_signal_self(C.int(signal), n); err != 0 {
			return syscall.Errno(err)
		}
		after := C.tb_count()
		fmt.Printf("%d tracebacks of %d for signal %d\n", after.tracebacks-before.tracebacks, n, signal)
	}
	return nil
}

func callGoFromC() { C.tb_calls_go(0) }
