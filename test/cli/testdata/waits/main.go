// SPDX-License-Identifier: BSD-3-Clause

// waits has a thread for each kind of lock that somebody else holds, and says when all wait.
package main

/*
#cgo CFLAGS: -O0
#cgo LDFLAGS: -lpthread
#include <pthread.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

extern void goHold(void);

static pthread_rwlock_t written = PTHREAD_RWLOCK_INITIALIZER, read_twice = PTHREAD_RWLOCK_INITIALIZER;
static pthread_mutex_t held_in_go = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t held;
static FILE *stream;

static void want_to_read(void) { pthread_rwlock_rdlock(&written); }
static void want_to_write(void) { pthread_rwlock_wrlock(&written); }
static void want_to_write_what_is_read(void) { pthread_rwlock_wrlock(&read_twice); }
static void want_the_stream(void) { fputs("x", stream); }
static void *hold(void *arg) {
	if (arg != NULL) {
		pthread_rwlock_wrlock(&written);
		flockfile(stream);
	}
	pthread_rwlock_rdlock(&read_twice);
	pthread_barrier_wait(&held);
	for (;;) { pause(); }
}
static void *want(void *arg) {
	((void (*)(void))arg)();
	return NULL;
}
static void start(void *(*f)(void *), void *arg) {
	pthread_t t;
	if (pthread_create(&t, NULL, f, arg) != 0) { _exit(4); }
}
static void prepare(void) {
	stream = fopen("/dev/null", "w");
	pthread_barrier_init(&held, NULL, 3);
	start(hold, &held);
	start(hold, NULL);
	pthread_barrier_wait(&held);
	start(want, want_to_read);
	start(want, want_to_write);
	start(want, want_to_write_what_is_read);
	start(want, want_the_stream);
}
static void hold_and_call_go(void) { pthread_mutex_lock(&held_in_go); goHold(); }
static void want_what_go_holds(void) { pthread_mutex_lock(&held_in_go); }
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

var never, holds = make(chan int), make(chan int)

//export goHold
func goHold() {
	close(holds)
	<-never
}

func main() {
	C.prepare()
	go C.hold_and_call_go()
	<-holds
	go C.want_what_go_holds()
	time.Sleep(100 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
}
