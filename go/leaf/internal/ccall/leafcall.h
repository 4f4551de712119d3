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
	int32_t called_go, unused;
};

// Where to look for the facts of a layout, and what stands there during an ordinary cgo call.
struct leaf_facts {
	uintptr_t g;
	uint32_t g_m, g_sched, g_syscallsp, g_syscallpc, m_g0, m_curg, m_ncgo;
	uintptr_t m, g0, g0_m, curg, stack_lo, stack_hi, sched_sp, syscallsp, syscallpc, g0_sp,
		c_sp;
	int32_t ncgo, unused;
};

void rcgo_leaf_run(struct leaf_call *call);
void rcgo_leaf_run_checked(struct leaf_call *call, uintptr_t sched_sp, struct leaf_findings *f);
void rcgo_leaf_observe(struct leaf_facts *facts);

// Where in thread-local storage, seen from the thread pointer, a word has a value (on arm64).
size_t rcgo_leaf_tls(uintptr_t value, uintptr_t *offsets, size_t room);

// The address of rcgo_leaf_echo, of rcgo_leaf_run, or of the trampoline of a kind of result.
void *rcgo_leaf_function(int which);

#endif
