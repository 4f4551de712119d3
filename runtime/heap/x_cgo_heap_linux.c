// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling, Go ABI: reads RCGO=heap= while Go starts. Runs on g0.

#include "heap_profiling.h"
#include "options.h"

void
x_cgo_heap_start(const struct rcgo_heap_start *arg)
{
	const char *value = rcgo__option_heap();

	if (value != NULL) {
		rcgo__heap_configure(value);
	}
	rcgo__heap_note_go_module(arg->module);
}
