// SPDX-License-Identifier: BSD-3-Clause
// The address of the function behind callbacks that are ordinary calls.
#include "leafcall.h"

void *rcgo_leaf_callback_function(void);

void *
rcgo_leaf_callback_function(void)
{
	return (void *)rcgo_leaf_callback_watched;
}
