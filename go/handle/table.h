// SPDX-License-Identifier: BSD-3-Clause
// The table of handles, shared by Go and C: one word for each slot, which is the valid handle, or
// says that there is none. The values themselves are in Go's heap.
#ifndef RCGO_HANDLE_TABLE_H
#define RCGO_HANDLE_TABLE_H

#include <stddef.h>
#include <stdint.h>

// Reserves memory for a number of words that read as 0, or for fewer if the process may not have as
// many; stores their number in *n. Memory is only used for words that are touched.
uint64_t *rcgo_handle_reserve(size_t *n);

int rcgo__handle_valid(uintptr_t handle);

#endif
