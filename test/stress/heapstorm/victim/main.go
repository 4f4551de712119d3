// SPDX-License-Identifier: BSD-3-Clause

// Victim allocates C memory in many ways at once, until its time is over: threads that free each other's
// blocks, libraries that are loaded, allocate and are unloaded, forked children, signal handlers
// that map memory, callbacks to Go, and garbage collections. It then frees all but known blocks,
// prints what it has kept, and waits for the end of its input.
package main

/*
#cgo CFLAGS: -D_GNU_SOURCE
#cgo LDFLAGS: -pthread -ldl
#include <dlfcn.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIBRARIES 8
#define LOADERS 2
#define CHURNERS 3
#define EXCHANGE 1024
#define KEPT_SIZE 1000

static atomic_int stop, faults;
static atomic_long loads, children, maps, churned, callbacks;
static const char *directory;
static _Atomic(void *) exchange[EXCHANGE];
static atomic_long kept[LIBRARIES]; // blocks that each library has allocated, and that stay
static atomic_int loading[LIBRARIES];

extern void victimCallback(void);

static void
wrong(const char *what)
{
	dprintf(2, "victim: %s\n", what);
	atomic_store(&faults, 1);
}

// A handler may map memory. It does not use malloc, which it may have interrupted.
static void
on_signal(int signal)
{
	char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)signal;
	if (p != MAP_FAILED) {
		p[0] = 1;
		munmap(p, 8192);
		atomic_fetch_add(&maps, 1);
	}
}

static uint32_t
next(uint32_t *x)
{
	*x = *x * 1664525 + 1013904223;
	return *x >> 8;
}

// Each block goes to a place from which any thread takes and frees it.
static void *
churn(void *arg)
{
	uint32_t x = (uint32_t)(uintptr_t)arg;

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		size_t size = 1 + next(&x) % (next(&x) % 64 == 0 ? 300000 : 600);
		char *p = next(&x) % 8 == 0 ? calloc(1, size) : malloc(size);

		p[0] = 1;
		if (next(&x) % 4 == 0) {
			p = realloc(p, 1 + next(&x) % 3000);
		}
		free(atomic_exchange(&exchange[next(&x) % EXCHANGE], p));
		atomic_fetch_add_explicit(&churned, 1, memory_order_relaxed);
	}
	return NULL;
}

// One thread at a time has a library loaded, so that it is really unloaded at the end.
static void *
load(void *arg)
{
	uint32_t x = 77 + (uint32_t)(uintptr_t)arg;
	char path[4096];

	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		int i = (int)(next(&x) % LIBRARIES), free_one = 0;
		void *library, *(*make)(size_t);

		if (!atomic_compare_exchange_strong(&loading[i], &free_one, 1)) {
			continue;
		}
		snprintf(path, sizeof path, "%s/storm%d.so", directory, i);
		library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
		snprintf(path, sizeof path, "storm_make%d", i);
		make = library == NULL ? NULL : (void *(*)(size_t))dlsym(library, path);
		if (make == NULL) {
			wrong(dlerror());
			return NULL;
		}
		for (int k = 0; k < 20; k++) {
			free(make(1 + next(&x) % 5000));
		}
		if (atomic_load(&kept[i]) < 200 && make(KEPT_SIZE) != NULL) {
			atomic_fetch_add(&kept[i], 1);
		}
		dlclose(library);
		atomic_store(&loading[i], 0);
		atomic_fetch_add(&loads, 1);
	}
	return NULL;
}

// A child of a program with threads may use what is safe in handlers, and execve. Its malloc is
// glibc's, which glibc makes usable.
static void *
fork_all(void *arg)
{
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		int status = 1;
		pid_t pid = fork();

		if (pid == 0) {
			void *p[50];

			alarm(20); // a child that hangs ends by SIGALRM
			for (int i = 0; i < 50; i++) {
				p[i] = malloc((size_t)(i * 37 + 1));
			}
			for (int i = 0; i < 50; i++) {
				free(p[i]);
			}
			on_signal(0);
			if (atomic_load(&children) % 4 == 0) {
				execl("/bin/true", "true", (char *)NULL);
			}
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			dprintf(2, "victim: fork gave %d, the child ended with %#x\n", (int)pid, status);
			wrong("a child failed");
			return NULL;
		}
		atomic_fetch_add(&children, 1);
		usleep(2000);
	}
	return arg;
}

static void *
short_thread(void *arg)
{
	free(malloc(100));
	return arg;
}

static pthread_t thread[CHURNERS + LOADERS + 1];
static int threads;

// Threads that end, callbacks from C threads, and signals to all threads.
static void *
signal_all(void *arg)
{
	while (!atomic_load_explicit(&stop, memory_order_relaxed)) {
		pthread_t other;

		for (int i = 0; i < threads; i++) {
			pthread_kill(thread[i], SIGUSR1);
		}
		if (pthread_create(&other, NULL, short_thread, NULL) == 0) {
			pthread_join(other, NULL);
		}
		victimCallback();
		atomic_fetch_add(&callbacks, 1);
		usleep(1000);
	}
	return arg;
}

static pthread_t signaller;

static void
start(const char *dir)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
	const struct itimerval timer = {{0, 1000}, {0, 1000}};

	directory = dir;
	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGALRM, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
	sigaction(SIGVTALRM, &action, NULL);
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
	for (uintptr_t i = 0; i < CHURNERS; i++) {
		pthread_create(&thread[threads++], NULL, churn, (void *)i);
	}
	for (uintptr_t i = 0; i < LOADERS; i++) {
		pthread_create(&thread[threads++], NULL, load, (void *)i);
	}
	pthread_create(&thread[threads++], NULL, fork_all, NULL);
	pthread_create(&signaller, NULL, signal_all, NULL);
}

static int
finish(void)
{
	const struct itimerval none = {0};

	atomic_store(&stop, 1);
	pthread_join(signaller, NULL);
	for (int i = 0; i < threads; i++) {
		pthread_join(thread[i], NULL);
	}
	setitimer(ITIMER_VIRTUAL, &none, NULL);
	for (int i = 0; i < EXCHANGE; i++) {
		free(atomic_exchange(&exchange[i], NULL));
	}
	printf("loads %ld, children %ld, maps in handlers %ld, blocks %ld, callbacks %ld\n",
		atomic_load(&loads), atomic_load(&children), atomic_load(&maps), atomic_load(&churned),
		atomic_load(&callbacks));
	for (int i = 0; i < LIBRARIES; i++) {
		printf("kept storm_make%d %ld\n", i, atomic_load(&kept[i]) * KEPT_SIZE);
	}
	printf("ready\n");
	fflush(stdout);
	return atomic_load(&faults);
}
*/
import "C"

import (
	"flag"
	"io"
	"os"
	"runtime"
	"time"
)

//export victimCallback
func victimCallback() {
	C.free(C.malloc(300))
	sink = make([]byte, 10000)
}

var sink []byte

func main() {
	length := flag.Duration("time", time.Second, "how long")
	flag.Parse()
	end := time.Now().Add(*length)
	C.start(C.CString(flag.Arg(0)))
	for time.Now().Before(end) {
		runtime.GC()
		go func() { C.free(C.malloc(5000)) }()
		time.Sleep(3 * time.Millisecond)
	}
	if C.finish() != 0 {
		os.Exit(1)
	}
	io.Copy(io.Discard, os.Stdin)
}
