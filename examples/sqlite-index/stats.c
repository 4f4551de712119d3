// SPDX-License-Identifier: BSD-3-Clause
// The counters. All are lock-free, because some are incremented in a signal handler.
#include "index.h"

#include <stdatomic.h>

static atomic_ullong on_go_thread, on_c_thread, threads, taken, released;
static atomic_ullong signals, frames, stacks, symbols;

// Set on C threads. All other threads were started by Go, or are the first one.
static __thread int is_foreign;

static void
add(atomic_ullong *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

void
stats_c_thread(void)
{
	is_foreign = 1;
	add(&threads, 1);
}

// Called directly before C calls Go, so it also records the caller.
void
stats_entry(void)
{
	trace_mark(__builtin_return_address(0), __builtin_frame_address(0));
	add(is_foreign ? &on_c_thread : &on_go_thread, 1);
}

void
stats_context(int is_release)
{
	add(is_release ? &released : &taken, 1);
}

void
stats_signal(uint64_t n)
{
	add(&signals, 1);
	add(&frames, n);
}

void
stats_stack(void)
{
	add(&stacks, 1);
}

void
stats_symbol(void)
{
	add(&symbols, 1);
}

void
stats_get(struct stats *out)
{
	*out = (struct stats){
		.on_go_thread = atomic_load(&on_go_thread),
		.on_c_thread = atomic_load(&on_c_thread),
		.threads = atomic_load(&threads),
		.taken = atomic_load(&taken),
		.released = atomic_load(&released),
		.signals = atomic_load(&signals),
		.frames = atomic_load(&frames),
		.stacks = atomic_load(&stacks),
		.symbols = atomic_load(&symbols),
	};
}
