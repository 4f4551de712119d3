// SPDX-License-Identifier: BSD-3-Clause

// mixed has one thread for each way in which Go and C can lie on one stack, and says when all are
// in their places.
package main

/*
#cgo CFLAGS: -O0
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <time.h>
#include <unistd.h>

extern int goNested(int depth);
extern void goFromThread(int how);

static int never[2];
static volatile int spinning;

static void wait_forever(void) { char c; while (read(never[0], &c, 1) != 1) { } }
static void prepare(void) { if (pipe(never) != 0) { _exit(3); } }
static int c_nested(int depth) { return depth == 0 ? (wait_forever(), 0) : goNested(depth) + 1; }
static int c_spin(int n) { spinning = 1; for (volatile int i = 0;; i++) { if (i < 0) { return n; } } }
static void c_leaf(void) { wait_forever(); }
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static void *second_thread(void *arg) { (void)arg; pthread_mutex_lock(&mutex); return NULL; }
static void c_wait_in_vain(void) {
	pthread_t t;
	pthread_mutex_lock(&mutex);
	if (pthread_create(&t, NULL, second_thread, NULL) != 0) {
		_exit(5);
	}
}
static int is_spinning(void) { return spinning; }

static void *c_thread(void *how) { goFromThread((int)(long)how); return NULL; }
static void *plain_thread(void *arg) { (void)arg; wait_forever(); return NULL; }
static void start(int how) {
	pthread_t t;
	if (pthread_create(&t, NULL, how == 2 ? plain_thread : c_thread, (void *)(long)how) != 0) {
		_exit(4);
	}
}
*/
import "C"

import (
	"fmt"
	"os"
	"runtime"
	"time"
)

var never = make(chan int)

//export goNested
func goNested(depth C.int) C.int { return C.c_nested(depth - 1) }

//export goFromThread
func goFromThread(how C.int) {
	if how == 0 {
		<-never
	}
	C.c_leaf()
}

//go:noinline
func goSpin() {
	for i := 0; ; i++ {
		if i < 0 {
			return
		}
	}
}

//go:noinline
func goNestedCaller() { C.c_nested(2) }

//go:noinline
func goParked() { <-never }

func main() {
	runtime.GOMAXPROCS(4)
	C.prepare()
	go goNestedCaller()
	go goParked()
	if len(os.Args) == 1 {
		go C.c_spin(1)
		go goSpin()
	} else {
		C.c_wait_in_vain()
	}
	for how := 0; how < 3; how++ {
		C.start(C.int(how))
	}
	for len(os.Args) == 1 && C.is_spinning() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(200 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
