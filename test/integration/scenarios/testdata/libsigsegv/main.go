// SPDX-License-Identifier: BSD-3-Clause
// Libsigsegv is a program whose C code maps pages on demand by libsigsegv, and Go writes to them.
package main

/*
#cgo LDFLAGS: -lsigsegv
#include <sigsegv.h>
#include <stdint.h>
#include <sys/mman.h>

enum { PAGES = 64, SIZE = 4096 };

static char *base;
static volatile int opened;

static int
on_fault(void *at, int serious)
{
	uintptr_t page = (uintptr_t)at & ~(uintptr_t)(SIZE - 1);

	(void)serious;
	if (page < (uintptr_t)base || page >= (uintptr_t)base + PAGES * SIZE) {
		return 0;
	}
	opened++;
	return mprotect((void *)page, SIZE, PROT_READ | PROT_WRITE) == 0;
}

static char *
start(void)
{
	base = mmap(NULL, PAGES * SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return sigsegv_install_handler(on_fault) == 0 ? base : NULL;
}

static int
count(void)
{
	return opened;
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"unsafe"
)

func main() {
	pages := unsafe.Slice((*byte)(unsafe.Pointer(C.start())), C.PAGES*C.SIZE)
	for page := 0; page < C.PAGES; page++ {
		pages[page*C.SIZE] = 1
	}
	if n := C.count(); n != C.PAGES {
		fmt.Println("pages opened:", n)
		os.Exit(1)
	}
	defer func() {
		if _, ok := recover().(runtime.Error); ok && C.count() == C.PAGES {
			fmt.Println("libsigsegv ok")
		}
	}()
	*(*int)(nil) = 1
}
