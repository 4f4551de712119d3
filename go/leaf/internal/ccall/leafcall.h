// SPDX-License-Identifier: BSD-3-Clause
// The C side of package leaf. Go keeps mirrors of these structures in ccall.go.
#ifndef RCGO_LEAFCALL_H
#define RCGO_LEAFCALL_H

#include <stddef.h>
#include <stdint.h>

enum leaf_result { LEAF_NOTHING, LEAF_INTEGER, LEAF_DOUBLE, LEAF_FLOAT };
enum { LEAF_ECHO = 4, LEAF_RUN };

// A call with its arguments and results in memory.
struct leaf_call {
	uintptr_t fn;
	uintptr_t ints[6];
	double floats[8];
	uintptr_t result;
	double fresult;
	int32_t kind; // enum leaf_result
	int32_t err;  // errno afterwards; it is 0 before
};

// What a checked call has found.
struct leaf_findings {
	uint64_t cpu_ns, wall_ns;
	int64_t blocked; // how often the thread gave up its CPU to wait
	int32_t called_go;
	int32_t with_callbacks; // set by Go: only what is between callbacks counts
	int64_t locks;		// locks that were held across a callback; -1: not known
};

// What stands in g and m during an ordinary cgo call. m and g0 are 0 where the word cannot be read.
enum { LEAF_WORDS = 64, LEAF_G_M = 48, LEAF_G_SCHED = 56, LEAF_M_G0 = 0 };
struct leaf_facts {
	uintptr_t g, m, g0, g0_m, g0_sp, c_sp;
	uintptr_t g_words[LEAF_WORDS], m_words[LEAF_WORDS];
};

void rcgo_leaf_run(struct leaf_call *call);
void rcgo_leaf_run_checked(struct leaf_call *call, uintptr_t sched_sp, struct leaf_findings *f);
// An ordinary call of Go by a callback, which a watched call does not count as its own time.
void rcgo_leaf_callback_watched(uintptr_t number, void *frame);

// How many mutexes the calling thread holds; -1 if they are not counted.
int64_t rcgo_leaf_locks_held(void);

// In a watched call: what is between the two does not count. The first returns 1 in such a call.
int rcgo_leaf_watch_release(void);
void rcgo_leaf_watch_acquire(int released);

void rcgo_leaf_observe(struct leaf_facts *facts);

// Where in thread-local storage, seen from the thread pointer, a word has a value (on arm64).
size_t rcgo_leaf_tls(uintptr_t value, uintptr_t *offsets, size_t room);

// The address of rcgo_leaf_echo, of rcgo_leaf_run, or of the trampoline of a kind of result.
void *rcgo_leaf_function(int which);

// Functions that make the call described by a struct leaf_call on the goroutine's stack. They read
// and write what their name says. Where the callee returns no integer, result is errno.
enum leaf_frame {
	LEAF_TWO, // at most two integers, an integer or nothing
	LEAF_SIX,
	LEAF_THREE_DOUBLES, // no other argument, a double
	LEAF_ANY_INTEGER,   // an integer or nothing
	LEAF_ANY_DOUBLE,
	LEAF_ANY_FLOAT,
	LEAF_SIX_ERRNO,
	LEAF_ANY_ERRNO, // what kind says
};
void *rcgo_leaf_frame_function(enum leaf_frame which);

#endif
