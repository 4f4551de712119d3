// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <signal.h>
// #include "pager.h"
import "C"

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"unsafe"
)

func init() {
	cases["pager"] = func(args []string) error {
		flags := map[string]C.int{"onstack": C.SA_ONSTACK, "nodefer": C.SA_ONSTACK | C.SA_NODEFER, "bare": 0}
		if len(args) != 2 {
			return errors.New("usage: cases pager segv|bus onstack|nodefer|bare")
		}
		if args[0] == "bus" {
			return casePager(C.SIGBUS, flags[args[1]])
		}
		return casePager(C.SIGSEGV, flags[args[1]])
	}
}

// recovered runs f and returns the run-time error that ended it.
func recovered(f func()) (err error) {
	defer func() { err, _ = recover().(runtime.Error) }()
	f()
	return nil
}

// Go and C touch memory that C's handler maps page by page; other faults are Go's.
func casePager(sig, flags C.int) error {
	base := C.pager_start(sig, flags)
	if base == nil {
		return errors.New("no pages")
	}
	size := int(C.pager_page_size())
	pages := unsafe.Slice((*byte)(unsafe.Pointer(base)), C.PAGER_PAGES*size)
	C.pager_touch(0)
	var all sync.WaitGroup
	for first := 1; first < 8; first++ {
		all.Add(1)
		go func(first int) {
			defer all.Done()
			for page := first; page < C.PAGER_PAGES; page += 7 {
				pages[page*size] = 1
			}
		}(first)
	}
	all.Wait()
	// A file grows to the last touched page, so fewer faults may suffice.
	if n := C.pager_opened(); n < 1 || sig == C.SIGSEGV && n < C.PAGER_PAGES {
		return fmt.Errorf("%d pages were opened", n)
	}
	if n := C.pager_declined(); n != 0 {
		return fmt.Errorf("the handler had %d faults that are not its own", n)
	}
	if err := recovered(func() { *(*int)(nil) = 1 }); err == nil {
		return errors.New("a nil pointer is no panic")
	}
	if n := C.pager_declined(); n != 0 {
		return errors.New("the handler had Go's nil pointer")
	}
	if sig == C.SIGBUS {
		return nil
	}
	foreign := (*int)(unsafe.Pointer(C.pager_foreign()))
	err := recovered(func() {
		defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
		*foreign = 1
	})
	if err == nil || C.pager_declined() != 1 {
		return fmt.Errorf("what the handler declines is not Go's: %v, %d declined", err, C.pager_declined())
	}
	return nil
}
