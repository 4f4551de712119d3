// SPDX-License-Identifier: BSD-3-Clause
// The functions of rcgo_leaf.h: C lets the scheduler have the processor for a while. On C's stack.
#include "leafcall.h"

// As rcgo_leaf.h, which is for C of others, declares them.
int rcgo_leaf_release(void);
void rcgo_leaf_acquire(int released);

// owner: package leaf, which writes them once. lock: none. ordering: release/acquire.
static int (*release_fn)(void);
static void (*acquire_fn)(int);

void
rcgo_leaf_set_region(uintptr_t release, uintptr_t acquire)
{
	__atomic_store_n(&acquire_fn, (void (*)(int))acquire, __ATOMIC_RELAXED);
	__atomic_store_n(&release_fn, (int (*)(void))release, __ATOMIC_RELEASE);
}

// In runtime_cgo.h; not in stock runtime/cgo.
extern void rcgo_leaf_hooks_set(void (*enter)(void), void (*leave)(void)) __attribute__((weak));

int
rcgo_leaf_set_export_hooks(uintptr_t enter, uintptr_t leave)
{
	if (rcgo_leaf_hooks_set == 0) {
		return 0;
	}
	rcgo_leaf_hooks_set((void (*)(void))enter, (void (*)(void))leave);
	return 1;
}

enum { RELEASED = 1, WATCHED = 2 };

int
rcgo_leaf_release(void)
{
	int (*fn)(void) = __atomic_load_n(&release_fn, __ATOMIC_ACQUIRE);

	if (fn != NULL && fn() != 0) {
		return RELEASED;
	}
	return rcgo_leaf_watch_release() ? WATCHED : 0;
}

void
rcgo_leaf_acquire(int released)
{
	void (*fn)(int) = __atomic_load_n(&acquire_fn, __ATOMIC_RELAXED);

	if (released == WATCHED) {
		rcgo_leaf_watch_acquire(1);
	} else if (fn != NULL) {
		fn(released);
	}
}
