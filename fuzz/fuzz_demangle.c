// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: mangled names. The first byte selects the size of the output buffer.

#include <string.h>

#include "fuzz.h"
#include "demangle.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rcgo_arena *arena = fuzz_arena();
	size_t room = size != 0 ? (size_t)data[0] * 8 : 0, n;
	char *name = malloc(size + 1), *out = malloc(room + 1);

	memcpy(name, data + (size != 0), size - (size != 0));
	name[size - (size != 0)] = 0;
	name[strcspn(name, "\n")] = 0;
	n = rcgo__demangle(name, arena, out, room);
	if ((n != 0 && (n >= room || out[n] != 0)) || arena->used != 0) {
		abort();
	}
	free(name);
	free(out);
	return 0;
}
