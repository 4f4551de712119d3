// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <signal.h>
// #include "signals.h"
import "C"

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

// The kernel's flags and masks.
const (
	saSiginfo = 0x4
	saOnstack = 0x08000000
	saRestart = 0x10000000
)

func init() {
	cases["sig-notify"] = caseNotify
	cases["sig-kernel"] = caseKernel
	cases["sig-restart"] = caseRestart
	cases["sig-c-handler"] = caseCHandler
	cases["sig-early"] = caseEarly
	cases["sig-segv-go"] = caseSegvGo
	cases["sig-forward"] = caseForward
	cases["sig-segv-c"] = func([]string) error { C.sig_segv(); return errors.New("it goes on") }
}

func errnoOf(err C.int) error {
	if err == 0 {
		return nil
	}
	return syscall.Errno(err)
}

func action(sig syscall.Signal) (C.struct_sig_action, error) {
	var a C.struct_sig_action
	err := errnoOf(C.sig_get(C.int(sig), &a))
	return a, err
}

func arrives(c chan os.Signal, want os.Signal) error {
	select {
	case got := <-c:
		if got != want {
			return fmt.Errorf("got %v, want %v", got, want)
		}
		return nil
	case <-time.After(10 * time.Second):
		return fmt.Errorf("%v did not arrive", want)
	}
}

// Signals that C raises, on threads of Go and of C, reach Go.
func caseNotify([]string) error {
	c := make(chan os.Signal, 10)
	for _, sig := range []syscall.Signal{syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGHUP, 40} {
		signal.Notify(c, sig)
		for _, send := range []func() C.int{
			func() C.int { return C.sig_raise(C.int(sig)) },
			func() C.int { return C.sig_to_thread(C.int(sig)) },
		} {
			if err := errnoOf(send()); err != nil {
				return err
			}
			if err := arrives(c, sig); err != nil {
				return err
			}
		}
		signal.Stop(c)
	}
	return nil
}

// The kernel has what Go asked for: flags, mask, restorer; ignored and reset signals.
func caseKernel([]string) error {
	c := make(chan os.Signal, 1)
	signal.Notify(c, syscall.SIGUSR1)
	a, err := action(syscall.SIGUSR1)
	if err != nil {
		return err
	}
	want := C.ulong(saSiginfo | saOnstack | saRestart)
	if a.handler < 2 || a.flags&want != want {
		return fmt.Errorf("after Notify: %+v", a)
	}
	if runtime.GOARCH == "amd64" && a.restorer == 0 {
		return fmt.Errorf("no restorer: %+v", a)
	}
	// In Go's handler all signals are blocked, except for two that libc reserves and two that cannot be blocked.
	for sig := 1; sig <= 64; sig++ {
		blocked := a.mask>>(uint(sig)-1)&1 == 1
		if free := sig == 9 || sig == 19 || sig >= 32 && sig <= 34; !free && !blocked {
			return fmt.Errorf("signal %d is not blocked in Go's handler: %+v", sig, a)
		}
	}
	signal.Ignore(syscall.SIGUSR1)
	if a, err = action(syscall.SIGUSR1); err != nil || a.handler != 1 {
		return fmt.Errorf("after Ignore: %+v, %v", a, err)
	}
	if !signal.Ignored(syscall.SIGUSR1) {
		return errors.New("Ignored says no")
	}
	if err := errnoOf(C.sig_raise(C.int(syscall.SIGUSR1))); err != nil {
		return err
	}
	signal.Reset(syscall.SIGUSR1)
	signal.Notify(c, syscall.SIGUSR1)
	if a, err = action(syscall.SIGUSR1); err != nil || a.handler < 2 || a.flags&want != want {
		return fmt.Errorf("Notify after Ignore: %+v, %v", a, err)
	}
	if err := errnoOf(C.sig_raise(C.int(syscall.SIGUSR1))); err != nil {
		return err
	}
	return arrives(c, syscall.SIGUSR1)
}

// Go installs handlers with SA_RESTART, so a read in C continues after a signal.
func caseRestart([]string) error {
	c := make(chan os.Signal, 100)
	signal.Notify(c, syscall.SIGUSR2)
	var restarted C.int
	if err := errnoOf(C.sig_during_read(C.int(syscall.SIGUSR2), &restarted)); err != nil {
		return err
	}
	if restarted == 0 {
		return errors.New("Go's handler interrupted a read")
	}
	if err := arrives(c, syscall.SIGUSR2); err != nil {
		return err
	}
	// A C handler without SA_RESTART interrupts the read: its flags are not changed.
	if err := errnoOf(C.sig_install(C.SIGRTMIN+5, C.SA_ONSTACK)); err != nil {
		return err
	}
	if err := errnoOf(C.sig_during_read(C.SIGRTMIN+5, &restarted)); err != nil {
		return err
	}
	if restarted != 0 || C.sig_count() == 0 {
		return fmt.Errorf("C's handler without SA_RESTART: restarted %d, ran %d times", restarted, C.sig_count())
	}
	return nil
}

// A handler that C installs over Go's is the one that runs, on Go's signal stack and with C's mask.
func caseCHandler([]string) error {
	runtime.LockOSThread()
	if err := errnoOf(C.sig_install(C.SIGWINCH, C.SA_ONSTACK|C.SA_RESTART)); err != nil {
		return err
	}
	for i := 0; i < 100; i++ {
		if err := errnoOf(C.sig_raise(C.SIGWINCH)); err != nil {
			return err
		}
	}
	if n := C.sig_count(); n != 100 {
		return fmt.Errorf("C's handler ran %d times of 100", n)
	}
	if C.sig_was_on_altstack() == 0 {
		return errors.New("C's handler with SA_ONSTACK did not run on Go's signal stack")
	}
	for _, sig := range []uint{10, 64, 28} { // SIGUSR1, SIGRTMAX, itself
		if C.sig_seen_mask()>>(sig-1)&1 == 0 {
			return fmt.Errorf("signal %d was not blocked in C's handler", sig)
		}
	}
	return nil
}

// With SIG_EARLY in the environment C sets up signals before Go starts: SIGHUP stays ignored, a fault in Go is still
// Go's, and one in C goes to C's handler, which ends the program.
func caseEarly([]string) error {
	a, err := action(syscall.SIGHUP)
	if err != nil {
		return err
	}
	if a.handler != 1 {
		return fmt.Errorf("SIGHUP is no longer ignored: %+v", a)
	}
	if err := caseSegvGo(nil); err != nil {
		return err
	}
	C.sig_segv()
	return errors.New("it goes on")
}

// Go forwards a SIGPIPE in C to the handler that C installed before Go, which gets what it asked for: its mask, nested
// calls, or one call only; golang/go#32659.
func caseForward([]string) error {
	how := os.Getenv("SIG_PIPE")
	wantCalls, wantDeep := C.long(3), C.int(1)
	if how == "nodefer" {
		wantCalls, wantDeep = 9, 3
	}
	for i := 0; i < 3; i++ {
		if err := errnoOf(C.sig_raise(C.SIGPIPE)); err != nil {
			return err
		}
	}
	p := C.sig_pipes()
	if p.calls != wantCalls || p.deepest != wantDeep {
		return fmt.Errorf("%d calls, %d deep; want %d, %d", p.calls, p.deepest, wantCalls, wantDeep)
	}
	has := func(sig syscall.Signal) bool { return p.mask>>(uint(sig)-1)&1 != 0 }
	if !has(syscall.SIGUSR1) || has(syscall.SIGHUP) || has(syscall.SIGPIPE) != (how == "mask") {
		return fmt.Errorf("the mask is %#x", p.mask)
	}
	return nil
}

// A nil dereference in Go is a panic that can be recovered, also below a call from C.
func caseSegvGo([]string) error {
	fault := func() (err error) {
		defer func() {
			if e, ok := recover().(runtime.Error); ok {
				fmt.Println("recovered:", e)
				return
			}
			err = errors.New("no runtime error")
		}()
		var p *struct{ x [100]int }
		p.x[7]++
		return errors.New("no fault")
	}
	if err := fault(); err != nil {
		return err
	}
	var err error
	atBottom = func() { err = fault() }
	callGoFromC()
	return err
}
