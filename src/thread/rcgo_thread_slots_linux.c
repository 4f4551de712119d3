// SPDX-License-Identifier: BSD-3-Clause
// Thread Management: one value for each thread without a pthread key: a table by thread, and the
// end of a thread as C++ learns of it. Found on any stack; set and ended on the thread's own.
// Contract: the Itanium C++ ABI's __cxa_thread_atexit, glibc stdlib/cxa_thread_atexit_impl.c.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE // RTLD_DEFAULT
#endif

#include "rcgo_thread_slots.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

// What C++ calls for thread_local objects: glibc has it, musl has not. It runs before the
// destructors of keys.
#define AT_THREAD_EXIT "__cxa_thread_atexit_impl"
typedef int (*at_thread_exit_fn)(void (*)(void *), void *, void *);

// owner: rcgo__thread_slots_init; lock: none; ordering: the start of the threads that read it
static at_thread_exit_fn at_thread_exit;

#define SLOTS 65536U
// A thread's slot is among so many from where its id says; most often the first.
#define WINDOW 64U

struct thread_slot {
	uintptr_t self; // pthread_self; 0: free
	void *value;
};

// owner: rcgo__thread_slots_init, each slot its thread; lock: none
// ordering: self is taken by compare and swap; value is its thread's alone
static struct thread_slot *thread_slots;
// owner: rcgo__thread_slots_init; lock: none; ordering: the start of the threads that read it
static void (*on_slot_end)(void *);

static struct thread_slot *
slot_at(uintptr_t self, uint32_t i)
{
	// Descriptors lie a page apart at least.
	uint32_t hash = (uint32_t)(self >> 6) * 2654435761U >> 16;

	return &thread_slots[(hash + i) % SLOTS];
}

static struct thread_slot *
own_slot(uintptr_t self)
{
	for (uint32_t i = 0; i < WINDOW && thread_slots != NULL; i++) {
		struct thread_slot *s = slot_at(self, i);

		if (rcgo_load_acq(&s->self) == self) {
			return s;
		}
	}
	return NULL;
}

// Indirect: the function that rcgo__thread_slots_init got.
static void
slot_ends(RCGO_UNUSED void *unused)
{
	struct thread_slot *s = own_slot((uintptr_t)pthread_self());
	void *value;

	if (s == NULL) {
		return;
	}
	// As a key has it: the value is gone before the destructor runs, which may set it anew.
	value = s->value;
	s->value = NULL;
	rcgo_store_rel(&s->self, 0);
	if (value != NULL) {
		on_slot_end(value);
	}
}

bool
rcgo__thread_slots_init(void (*ended)(void *))
{
	int saved = errno;
	void *p;

	if (thread_slots != NULL) {
		return true;
	}
	p = dlsym(RTLD_DEFAULT, AT_THREAD_EXIT);
	if (p == NULL) {
		errno = saved;
		return false;
	}
	memcpy(&at_thread_exit, &p, sizeof p);
	p = mmap(NULL, SLOTS * sizeof *thread_slots, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	errno = saved;
	if (p == MAP_FAILED) {
		return false;
	}
	on_slot_end = ended;
	thread_slots = p;
	return true;
}

void *
rcgo__thread_slot(void)
{
	const struct thread_slot *s = own_slot((uintptr_t)pthread_self());

	return s != NULL ? s->value : NULL;
}

// Indirect: libc's, which rcgo__thread_slots_init has looked up.
bool
rcgo__thread_slot_set(void *value)
{
	uintptr_t self = (uintptr_t)pthread_self();
	struct thread_slot *s = own_slot(self);
	uintptr_t nobody;

	if (s != NULL) {
		s->value = value;
		return true;
	}
	for (uint32_t i = 0; i < WINDOW && value != NULL; i++) {
		s = slot_at(self, i);
		nobody = 0;
		if (!rcgo_cas(&s->self, &nobody, self)) {
			continue;
		}
		s->value = value;
		// The last argument tells which object must stay loaded.
		if (at_thread_exit(slot_ends, NULL, &thread_slots) == 0) {
			return true;
		}
		s->value = NULL;
		rcgo_store_rel(&s->self, 0);
		return false;
	}
	return value == NULL;
}
