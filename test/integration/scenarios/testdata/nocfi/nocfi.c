// SPDX-License-Identifier: BSD-3-Clause
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include "nocfi.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>

#define NOINLINE __attribute__((noinline, noclone))

static volatile int sink;
static int data[4];

#ifdef __x86_64__
void nc_push(long), nc_spoilt(long), nc_align(long), nc_room(long), nc_frame(long), nc_leaf(long),
	nc_outer(long);

// A library's table of functions for this processor.
static void (*volatile table[])(long) = {
	nc_push, nc_spoilt, nc_align, nc_room, nc_frame, nc_leaf, nc_outer};
static const char *const names[] = {"push", "spoilt", "align", "room", "frame", "leaf", "outer"};

// Leaves return addresses on the stack, below the frames of later calls.
static NOINLINE int
nc_litter(int n)
{
	volatile char room[64];

	room[n % 64] = (char)n;
	return n == 0 ? 0 : nc_litter(n - 1) + room[n % 64];
}

static NOINLINE void
nc_direct(int i)
{
	sink += nc_litter(20);
	switch (i) {
	case 0:
		nc_push(1);
		break;
	case 1:
		nc_spoilt(1);
		break;
	case 2:
		nc_align(1);
		break;
	case 3:
		nc_room(1);
		break;
	case 4:
		nc_frame(1);
		break;
	case 5:
		nc_leaf(1);
		break;
	case 6:
		nc_outer(1);
		break;
	}
	sink++;
}

static NOINLINE void
nc_pointer(int i)
{
	sink += nc_litter(20);
	table[i](1);
	sink++;
}

static NOINLINE void
nc_caller(const char *how, const char *name)
{
	for (int i = 0; i < 7; i++) {
		if (strcmp(name, names[i]) == 0) {
			if (strcmp(how, "direct") == 0) {
				nc_direct(i);
			} else {
				nc_pointer(i);
			}
		}
	}
	sink++;
}
#else
static void
nc_caller(const char *how, const char *name)
{
	(void)how;
	(void)name;
}
#endif

static NOINLINE void
nc_call(void (*volatile fn)(void))
{
	fn();
	sink++;
}

static NOINLINE int
nc_deep(int n)
{
	volatile char room[32];

	room[n % 32] = (char)n;
	if (n == 0) {
		__builtin_trap();
	}
	return nc_deep(n - 1) + room[n % 32];
}

static NOINLINE void
nc_root(int n)
{
	sink += nc_deep(n);
	sink++;
}

static void
nc_handler(int sig)
{
	sink += sig;
	__builtin_trap();
}

static NOINLINE void
nc_raise(void)
{
	struct sigaction act = {.sa_handler = nc_handler, .sa_flags = SA_ONSTACK};

	sigaction(SIGUSR1, &act, NULL);
	raise(SIGUSR1);
	sink++;
}

static NOINLINE void
nc_smash(void)
{
	void **volatile frame = __builtin_frame_address(0);

	frame[1] = (void *)0x4141414141;
	__builtin_trap();
}

void
run_case(const char *name)
{
	char word[16];
	const char *dash = strchr(name, '-');

	if (dash != NULL && dash - name < (long)sizeof word) {
		memcpy(word, name, (size_t)(dash - name));
		word[dash - name] = 0;
		nc_caller(word, dash + 1);
	} else if (strcmp(name, "null") == 0) {
		nc_call(NULL);
	} else if (strcmp(name, "data") == 0) {
		nc_call((void (*)(void))(void *)data);
	} else if (strcmp(name, "wild") == 0) {
		nc_call((void (*)(void))0xdead000);
	} else if (strcmp(name, "handler") == 0) {
		nc_raise();
	} else if (strcmp(name, "smash") == 0) {
		nc_smash();
	} else {
		nc_root((int)strlen(name));
	}
	sink++;
}
