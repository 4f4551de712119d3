// SPDX-License-Identifier: BSD-3-Clause

// blocked has a thread in each of many system calls that libc makes in different ways, and says when
// all wait. For each line of its input it prints how many of the calls have ended with EINTR.
package main

/*
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int word, interrupted;
static pthread_mutex_t held = PTHREAD_MUTEX_INITIALIZER, free_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t cond = PTHREAD_COND_INITIALIZER;

static void again(int result) {
	if (result < 0 && errno == EINTR) {
		__atomic_fetch_add(&interrupted, 1, __ATOMIC_RELAXED);
	}
}
static void in_syscall(void) { for (;;) { again((int)syscall(SYS_futex, &word, FUTEX_WAIT, 0, NULL, NULL, 0)); } }
static void in_epoll(void) {
	struct epoll_event event;
	int fd = epoll_create1(0);
	for (;;) { again(epoll_wait(fd, &event, 1, -1)); }
}
static void in_recv(void) {
	struct timeval limit = {1000, 0};
	int fd[2];
	char byte;
	again(socketpair(AF_UNIX, SOCK_STREAM, 0, fd));
	again(setsockopt(fd[0], SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit));
	for (;;) { again((int)recv(fd[0], &byte, 1, 0)); }
}
static void in_poll(void) { struct pollfd fd = {.fd = -1}; for (;;) { again(poll(&fd, 1, -1)); } }
static void in_nanosleep(void) { struct timespec t = {1000, 0}; for (;;) { again(nanosleep(&t, NULL)); } }
static void in_select(void) { for (;;) { again(select(0, NULL, NULL, NULL, NULL)); } }
static void in_cond(void) { pthread_mutex_lock(&free_mutex); pthread_cond_wait(&cond, &free_mutex); }
static void in_sem(void) { sem_t sem; sem_init(&sem, 0, 0); for (;;) { again(sem_wait(&sem)); } }
static void in_sigtimedwait(void) {
	struct timespec t = {1000, 0};
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	for (;;) { again(sigtimedwait(&set, NULL, &t)); }
}
static void *hold(void *arg) { pthread_mutex_lock(&held); pause(); return arg; }
static void in_mutex(void) { pthread_mutex_lock(&held); }
static void in_join(void) {
	pthread_t t;
	if (pthread_create(&t, NULL, hold, NULL) == 0) { pthread_join(t, NULL); }
}
// Its frame has no fixed size, so it is addressed by the frame pointer.
static void in_variable_frame(int size) {
	char text[size];
	memset(text, 0, sizeof text);
	struct timespec t = {1000, text[size / 2]};
	for (;;) { again(nanosleep(&t, NULL)); }
}
static int interruptions(void) { return __atomic_load_n(&interrupted, __ATOMIC_RELAXED); }
*/
import "C"

import (
	"bufio"
	"fmt"
	"os"
	"time"
)

func main() {
	go func() { C.in_join() }()
	time.Sleep(200 * time.Millisecond) // its thread has the mutex
	for _, f := range []func(){
		func() { C.in_syscall() }, func() { C.in_epoll() }, func() { C.in_recv() }, func() { C.in_poll() },
		func() { C.in_nanosleep() }, func() { C.in_select() }, func() { C.in_cond() }, func() { C.in_sem() },
		func() { C.in_sigtimedwait() }, func() { C.in_mutex() }, func() { C.in_variable_frame(4000) },
	} {
		go f()
	}
	time.Sleep(time.Second)
	fmt.Println("ready")
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Println("interrupted:", C.interruptions())
	}
}
