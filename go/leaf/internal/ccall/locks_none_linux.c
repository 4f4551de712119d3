// SPDX-License-Identifier: BSD-3-Clause
//go:build !rcgo_leafcheck

// Without the tag rcgo_leafcheck, locks are not counted.
#include "leafcall.h"

int64_t
rcgo_leaf_locks_held(void)
{
	return -1;
}
