// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

// Package leaks has C code for the tests of package ctest, with leaks and without.
package leaks

/*
#cgo LDFLAGS: -pthread
#include <netdb.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

// A library with a cache: one block, allocated at the first use.
static char *cache;

static void
use_cache(void)
{
	if (cache == NULL) {
		cache = malloc(5000);
	}
	cache[0]++;
}

// An object of five blocks.
struct state {
	void *part[4];
};

static struct state *
state_new(void)
{
	struct state *s = malloc(sizeof *s);

	for (int i = 0; i < 4; i++) {
		s->part[i] = calloc(1, 100 << i);
	}
	return s;
}

static void
state_free(struct state *s)
{
	for (int i = 0; i < 4; i++) {
		free(s->part[i]);
	}
	free(s);
}

static void
libc_caches(void)
{
	struct addrinfo *all = NULL;
	time_t now = 0;
	struct tm tm;

	localtime_r(&now, &tm);
	if (getaddrinfo("127.0.0.1", "80", NULL, &all) == 0) {
		freeaddrinfo(all);
	}
}

static void *
lose(void *arg)
{
	void *p = malloc((size_t)arg);

	return memset(p, 1, (size_t)arg);
}

static void
lose_on_thread(size_t size)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, lose, (void *)size) == 0) {
		pthread_join(thread, NULL);
	}
}
*/
import "C"

import (
	"runtime"
	"unsafe"
)

// Clean allocates and frees everything, except for caches that stay.
func Clean() {
	s := C.CString("text")
	C.free(unsafe.Pointer(s))
	C.state_free(C.state_new())
	C.use_cache()
	C.libc_caches()
}

// LoseString forgets a C.CString.
func LoseString() { C.CString("lost") }

// LoseState forgets the five blocks of an object.
func LoseState() { C.state_new() }

// LoseOnThread loses a block on a C thread.
func LoseOnThread() { C.lose_on_thread(123) }

// Owned frees its C memory by a finalizer.
func Owned() {
	type owner struct{ state *C.struct_state }
	o := &owner{C.state_new()}
	runtime.SetFinalizer(o, func(o *owner) { C.state_free(o.state) })
}
