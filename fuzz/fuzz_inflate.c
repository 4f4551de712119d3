// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: deflate streams. The first byte selects the size of the output buffer.

#include "fuzz.h"
#include "decompress.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rcgo_arena *arena = fuzz_arena();
	size_t room = size != 0 ? (size_t)data[0] * FUZZ_ROOM / 255 : 0;
	uint8_t *out = malloc(room + 1);
	struct rcgo_bytes in = {.at = data + (size != 0), .size = size - (size != 0)};

	fuzz_check(rcgo__inflate(in, out, room, RCGO_INFLATE_RAW, arena), room, arena);
	free(out);
	return 0;
}
