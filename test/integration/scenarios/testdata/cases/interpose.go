// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <signal.h>
// #include "interpose.h"
import "C"

import (
	"errors"
	"fmt"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"runtime_cgo/test/compat/canary"
)

func init() {
	cases["interpose-how"] = caseInterposeHow
	cases["interpose-smash"] = caseInterposeSmash
	cases["interpose-fault"] = caseInterposeFault
	cases["interpose-preempt"] = caseInterposePreempt
	cases["interpose-coroutine"] = caseInterposeCoroutine
	cases["interpose-restore"] = caseInterposeRestore
	cases["signal-dump"] = caseSignalDump
	cases["crash-fault"] = func([]string) error { C.interpose_thread_faults(); return errors.New("it goes on") }
	cases["crash-abort"] = func([]string) error { C.interpose_thread_aborts(); return errors.New("it goes on") }
	cases["crash-many"] = func([]string) error { C.interpose_threads_fault(8); return errors.New("it goes on") }
	cases["crash-overflow"] = func([]string) error {
		C.interpose_recurse(1 << 24)
		return errors.New("it goes on")
	}
}

// However C installs a handler, it runs on C's own stack while C runs.
func caseInterposeHow([]string) error {
	runtime.LockOSThread()
	for how := 0; how <= 5; how++ {
		before := C.interpose_count()
		if C.interpose_install(C.SIGUSR2, C.int(how)) != 0 {
			return fmt.Errorf("cannot install, way %d", how)
		}
		C.interpose_raise(C.SIGUSR2, 50)
		if n := C.interpose_count() - before; n != 50 {
			return fmt.Errorf("way %d: %d of 50 signals", how, n)
		}
	}
	if n := C.interpose_on_altstack(); n != 0 {
		return fmt.Errorf("%d handlers ran on Go's signal stack", n)
	}
	return nil
}

// A handler must not overwrite C's frames on the thread's stack while C runs on another stack that Go was not told of.
func caseInterposeCoroutine([]string) error {
	runtime.LockOSThread()
	if C.interpose_install(C.SIGUSR1, 0) != 0 {
		return errors.New("cannot install")
	}
	if n := C.interpose_raise_on_own_stack(C.SIGUSR1, 100); n != 0 {
		return fmt.Errorf("%d bytes of C's frames have changed", n)
	}
	if n := C.interpose_count(); n != 100 {
		return fmt.Errorf("%d of 100 signals", n)
	}
	return nil
}

// signal(3) shows C no flags of a handler, and in strict C99 signal installs a one-shot handler. When C restores Go's
// handler, it must be what it was.
func caseInterposeRestore([]string) error {
	if C.interpose_restore(C.SIGSEGV) != 0 || C.interpose_restore(C.SIGURG) != 0 {
		return errors.New("C could not put it back")
	}
	for i := 0; i < 3; i++ {
		if err := caseSegvGo(nil); err != nil {
			return err
		}
	}
	return caseInterposePreempt(nil)
}

// C and Go install handlers, for RCGO=signals=trace to report; C's handler prints the table.
func caseSignalDump([]string) error {
	runtime.LockOSThread()
	if C.interpose_install(C.SIGUSR2, 0) != 0 || C.interpose_install(C.SIGSEGV, 1) != 0 {
		return errors.New("cannot install")
	}
	signal.Ignore(syscall.SIGWINCH)
	C.interpose_dump_from_handler(C.SIGUSR1)
	return nil
}

// Handlers without SA_ONSTACK run while goroutines of all stack depths run: nothing below their stacks is written. The
// argument is the number of signals.
func caseInterposeSmash(args []string) error {
	n := 10000
	if len(args) > 0 {
		n, _ = strconv.Atoi(args[0])
	}
	if C.interpose_install(C.SIGUSR1, 0) != 0 {
		return errors.New("cannot install")
	}
	stop := canary.Watch(4)
	C.interpose_stress(C.SIGUSR1, C.int(n))
	rounds, bad := stop()
	if bad != 0 {
		return fmt.Errorf("%d words are smashed, %d signals, %d rounds", bad, C.interpose_count(), rounds)
	}
	return nil
}

// A nil dereference in Go is a panic, although C has installed handlers of any kind since.
func caseInterposeFault([]string) error {
	for how := 0; how <= 5; how++ {
		for _, sig := range []C.int{C.SIGSEGV, C.SIGBUS, C.SIGFPE} {
			if C.interpose_install(sig, C.int(how)) != 0 {
				return fmt.Errorf("cannot install, way %d", how)
			}
		}
		if err := caseSegvGo(nil); err != nil {
			return fmt.Errorf("way %d: %v", how, err)
		}
	}
	if n := C.interpose_count(); n != 0 {
		return fmt.Errorf("C's handler got %d faults of Go's", n)
	}
	C.interpose_raise(C.SIGSEGV, 1)
	if n := C.interpose_count(); n != 1 {
		return fmt.Errorf("C's handler got %d of 1 signal of C's", n)
	}
	return nil
}

// Go preempts goroutines by SIGURG, although C has a handler for it.
func caseInterposePreempt([]string) error {
	if C.interpose_install(C.SIGURG, 0) != 0 {
		return errors.New("cannot install")
	}
	runtime.GOMAXPROCS(2)
	var x int64
	go func() {
		for {
			x++
		}
	}()
	start := time.Now()
	for i := 0; i < 20; i++ {
		runtime.GC()
	}
	if took := time.Since(start); took > 10*time.Second {
		return fmt.Errorf("20 collections took %v", took)
	}
	C.interpose_raise(C.SIGURG, 10)
	if n := C.interpose_count(); n < 10 {
		return fmt.Errorf("C's handler got %d of 10 signals", n)
	}
	return nil
}
