// SPDX-License-Identifier: BSD-3-Clause
// Command paths raises one kind of signal often, for a debugger that follows it: paths sample|signal|fault.
package main

/*
#define _GNU_SOURCE // syscall
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

static char *page;
static volatile unsigned long counter;

static void
on_signal(int sig, siginfo_t *info, void *context)
{
	(void)info, (void)context;
	if (sig == SIGSEGV) {
		mprotect(page, 4096, PROT_READ | PROT_WRITE);
	}
}

static void
install(int sig)
{
	struct sigaction act;

	memset(&act, 0, sizeof act);
	act.sa_sigaction = on_signal;
	act.sa_flags = SA_SIGINFO;
	sigaction(sig, &act, NULL);
}

static void *
make_page(void)
{
	page = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	return page;
}

static __attribute__((noinline)) void
count(void)
{
	for (int i = 0; i < 1000; i++) {
		counter++;
	}
}

static void
work(void)
{
	for (int i = 0; i < 1000 * 1000; i++) {
		count();
	}
	counter++; // no tail call above
}

static void
signal_main_thread(int sig)
{
	syscall(SYS_tgkill, getpid(), getpid(), sig);
}
*/
import "C"

import (
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
)

func main() {
	runtime.LockOSThread() // the main thread, whose stack's end is not known
	done := make(chan bool)
	switch os.Args[1] {
	case "sample":
		_ = pprof.StartCPUProfile(io.Discard)
		go func() { C.work(); close(done) }()
		<-done
		pprof.StopCPUProfile()
	case "signal":
		C.install(C.SIGUSR1)
		go func() {
			for i := 0; i < 1000; i++ {
				C.signal_main_thread(C.SIGUSR1)
			}
			close(done)
		}()
		for n := new(int64); ; atomic.AddInt64(n, 1) {
			select {
			case <-done:
				return
			default:
			}
		}
	case "fault":
		C.install(C.SIGSEGV)
		*(*int)(C.make_page()) = 1
	}
}
