// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <signal.h>
// #include "signals.h"
import "C"

import (
	"errors"
	"os"
	"os/signal"
	"runtime"
	"syscall"
)

func init() {
	for name, p := range signalPaths {
		paths[name] = p
	}
}

// raises sends a signal to the calling thread, in C. The handler is C's, which counts, or Go's.
func raises(sig syscall.Signal, install func() C.int, counts bool) path {
	return path{prepare: func() error {
		runtime.LockOSThread()
		if install == nil {
			return nil
		}
		return asError(install())
	}, run: func(n int) error {
		before := C.signals_count()
		if err := asError(C.paths_signals(C.int(sig), C.int(n))); err != nil {
			return err
		}
		if counts && int(C.signals_count()-before) != n {
			return errors.New("C's handler was not called each time")
		}
		return nil
	}}
}

func recovered(p *[100]int) (ok bool) {
	defer func() {
		_, ok = recover().(runtime.Error)
	}()
	p[7]++
	return false
}

var arrived chan os.Signal

var signalPaths = map[string]path{
	"handler-onstack": raises(syscall.SIGUSR2, func() C.int { return C.signals_install(C.SIGUSR2, C.SA_ONSTACK) }, true),
	"handler-bare":    raises(syscall.SIGUSR2, func() C.int { return C.signals_install(C.SIGUSR2, 0) }, true),
	"handler-go":      raises(syscall.SIGCHLD, nil, false),
	"handler-prof":    raises(syscall.SIGPROF, nil, false),
	"handler-urg":     raises(syscall.SIGURG, nil, false),
	"c-sigaction":     {run: func(n int) error { return asError(C.signals_install_each(C.SIGUSR2, 0, C.int(n))) }},
	"c-sigaction-onstack": {run: func(n int) error {
		return asError(C.signals_install_each(C.SIGUSR2, C.SA_ONSTACK, C.int(n)))
	}},
	"notify": {prepare: func() error {
		arrived = make(chan os.Signal, 1)
		signal.Notify(arrived, syscall.SIGUSR1)
		return nil
	}, run: func(n int) error {
		for i := 0; i < n; i++ {
			if err := asError(C.paths_signals(C.int(syscall.SIGUSR1), 1)); err != nil {
				return err
			}
			<-arrived
		}
		return nil
	}},
	"nil": {run: func(n int) error {
		for i := 0; i < n; i++ {
			if !recovered(nil) {
				return errors.New("no panic")
			}
		}
		return nil
	}},
}
