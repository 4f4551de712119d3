// SPDX-License-Identifier: BSD-3-Clause
// The address of the exported Go function behind callbacks that are ordinary calls.
#include <stdint.h>

void rcgo_leaf_callback(uintptr_t number, void *frame);
void *rcgo_leaf_callback_function(void);

void *
rcgo_leaf_callback_function(void)
{
	return (void *)rcgo_leaf_callback;
}
