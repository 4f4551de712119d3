// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: faults. The linker's --wrap sends calls of libc that src/ makes (and the tests) to
// inject.c, which passes them on unless a test wants the n-th call to fail.
#ifndef INJECT_H
#define INJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

// Calls first, first + 1, … (from 0; count of them) fail with err. calls counts all calls.
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

// Makes calls fail from now on: number first, counted from now, and count - 1 after it.
void inject_arm(struct inject *i, unsigned first, unsigned count, int err);

// At most so many bytes for each read and write; 0: no limit.
extern size_t inject_chunk;

// Files below /proc and /sys are opened below this directory, unless it is NULL.
extern const char *inject_root;
// Writes a file there: path begins with /proc or /sys.
void inject_file(const char *path, const char *text);
// Makes inject_root an empty directory; and removes it with all that is in it.
void inject_root_make(void);
void inject_root_remove(void);

// What src/ asked for last: open's flags and sigaction's sa_flags.
extern int inject_open_flags;
extern int inject_sa_flags;

// A clock that only nanosleep moves. With interrupted, each sleep ends after one millisecond, as
// under a storm of signals.
struct inject_clock {
	bool on;
	bool interrupted;
	unsigned sleeps;
	long long asked_ns; // what was asked for, in all
	long long now_ns;
	void (*in_sleep)(void);
};
extern struct inject_clock inject_clock;

// What the last malloc of src/ gave, and whether it was freed.
extern void *inject_allocated;
extern unsigned inject_freed;

// Called by each pthread_create, before it does its work.
extern void (*inject_in_pthread_create)(void);
// And by each unsetenv.
extern void (*inject_in_unsetenv)(void);

#endif // INJECT_H
