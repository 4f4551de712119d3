// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: injected faults. The linker's --wrap redirects libc calls of the code under test and
// of the tests to inject.c. It passes them on, unless a test makes the n-th call fail.
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

// Calls number first to first + count - 1, from 0, fail with err. calls counts all calls.
struct inject {
	unsigned first;
	unsigned count;
	int err;
	unsigned calls;
};

extern struct inject inject_pthread_create;
extern struct inject inject_pthread_getattr_np;
extern struct inject inject_pthread_key_create;
extern struct inject inject_malloc;
extern struct inject inject_mmap;
extern struct inject inject_madvise;
extern struct inject inject_sigaction;
extern struct inject inject_open;
extern struct inject inject_read;
extern struct inject inject_write;

#define INJECT_FOR_EVER (~0U)

// Makes calls fail from now on: number first, counted from now, and the count - 1 calls after it.
void inject_arm(struct inject *i, unsigned first, unsigned count, int err);

// The maximum number of bytes for each read and write; 0 for no limit.
extern size_t inject_chunk;

// If not NULL, files below /proc and /sys are opened below this directory.
extern const char *inject_root;
// Writes a file below inject_root. path begins with /proc or /sys.
void inject_file(const char *path, const char *text);
// Makes inject_root an empty directory, or removes it with its contents.
void inject_root_make(void);
void inject_root_remove(void);

// The last open flags and the last sa_flags that the code under test passed.
extern int inject_open_flags;
extern int inject_sa_flags;

// A clock that only nanosleep advances. With interrupted, each sleep ends after one millisecond, as
// if signals arrived all the time.
struct inject_clock {
	bool on;
	bool interrupted;
	unsigned sleeps;
	long long asked_ns; // the sum of all requested sleeps
	long long now_ns;
	void (*in_sleep)(void);
};
extern struct inject_clock inject_clock;

// The last result of malloc in the code under test, and whether it was freed.
extern void *inject_allocated;
extern unsigned inject_freed;

// Called by each pthread_create before it creates the thread.
extern void (*inject_in_pthread_create)(void);
// Called by each unsetenv and each setenv.
extern void (*inject_in_unsetenv)(void), (*inject_in_setenv)(const char *name);

#endif // INJECT_H
