// SPDX-License-Identifier: BSD-3-Clause
// The C side of the measured paths, the same for both sides.
#include "paths.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <time.h>

#include "_cgo_export.h"

static long tracebacks;
static long contexts;

void
paths_nothing(void)
{
}

long
paths_add(long a, long b)
{
	return a + b;
}

// Read for each call. Otherwise the compiler would call the functions by name.
static void (*volatile callee)(void) = paths_nothing;

static void
wrapper(void (*f)(void))
{
	f();
	__asm__ volatile(""); // prevents a tail call
}

static void (*volatile caller)(void (*)(void)) = wrapper;

void
paths_indirect(long n)
{
	for (long i = 0; i < n; i += 4) {
		caller(callee);
		caller(callee);
		caller(callee);
		caller(callee);
	}
}

void
paths_callback(int n)
{
	for (int i = 0; i < n; i++) {
		pathsGoNothing();
	}
}

void
paths_call_back(uintptr_t f, int n)
{
	void (*callback)(void) = (void (*)(void))f;

	for (int i = 0; i < n; i++) {
		callback();
	}
}

static void *
calls(void *n)
{
	paths_callback(*(int *)n);
	return NULL;
}

int
paths_thread_callbacks(int n)
{
	pthread_t thread;
	int err = pthread_create(&thread, NULL, calls, &n);

	return err != 0 ? err : pthread_join(thread, NULL);
}

void
paths_take_keys(void)
{
	pthread_key_t key;

	while (pthread_key_create(&key, NULL) == 0) {
	}
}

// Starts n threads one after the other. Returns 0 or an errno.
static int
threads(int n, void *(*run)(void *), void *arg)
{
	int err = 0;

	for (int i = 0; i < n && err == 0; i++) {
		pthread_t thread;

		err = pthread_create(&thread, NULL, run, arg);
		if (err == 0) {
			err = pthread_join(thread, NULL);
		}
	}
	return err;
}

int
paths_threads(int n)
{
	int each = 1;

	return threads(n, calls, &each);
}

static long first_took; // ns

static void *
first_call(void *unused)
{
	struct timespec start, end;

	(void)unused;
	clock_gettime(CLOCK_MONOTONIC, &start);
	pathsGoNothing();
	clock_gettime(CLOCK_MONOTONIC, &end);
	first_took += (end.tv_sec - start.tv_sec) * 1000000000L + end.tv_nsec - start.tv_nsec;
	return NULL;
}

// Measures the first call of each of n threads, without the thread's start and end.
int
paths_threads_first(int n)
{
	first_took = 0;
	return threads(n, first_call, NULL);
}

long
paths_first_took(void)
{
	return first_took;
}

int
paths_threads_alone(int n)
{
	int each = 0;

	return threads(n, calls, &each);
}

int
paths_signals(int sig, int n)
{
	pthread_t self = pthread_self();
	int err = 0;

	for (int i = 0; i < n && err == 0; i++) {
		err = pthread_kill(self, sig);
	}
	return err;
}

long
paths_tracebacks(void)
{
	return __atomic_load_n(&tracebacks, __ATOMIC_RELAXED);
}

long
paths_contexts(void)
{
	return __atomic_load_n(&contexts, __ATOMIC_RELAXED);
}

// Stores what a real traceback function stores, without unwinding, which is not measured here.
void
paths_traceback(void *arg)
{
	struct {
		uintptr_t context, sigcontext, *buf, max;
	} *a = arg;

	__atomic_fetch_add(&tracebacks, 1, __ATOMIC_RELAXED);
	for (uintptr_t i = 0; i < a->max; i++) {
		a->buf[i] = i < 8 ? (uintptr_t)paths_traceback + i : 0;
	}
}

void
paths_context(void *arg)
{
	struct {
		uintptr_t context;
	} *a = arg;

	if (a->context == 0) {
		a->context = 1;
		contexts++; // called by one thread at a time
	}
}
