// SPDX-License-Identifier: BSD-3-Clause
// The table of handles, shared by Go and C: one word a slot, which is the handle that is valid
// there, or says that none is. The values themselves are in Go's heap.
#ifndef RCGO_HANDLE_TABLE_H
#define RCGO_HANDLE_TABLE_H

#include <stddef.h>
#include <stdint.h>

// Reserves room for a number of words that read 0, or fewer where the process may not have as
// many; returns how many in *n. The memory is only used where it is touched.
uint64_t *rcgo_handle_reserve(size_t *n);

int rcgo__handle_valid(uintptr_t handle);

#endif
