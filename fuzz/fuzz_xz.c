// SPDX-License-Identifier: BSD-3-Clause
// Fuzzing: .xz files, and bare LZMA2 streams, which have no checksum. The first byte selects the
// size of the output buffer, and its lowest bit which of the two the input is.

#include "fuzz.h"
#include "decompress.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rcgo_arena *arena = fuzz_arena();
	size_t room = size != 0 ? (size_t)data[0] * FUZZ_ROOM / 255 : 0;
	uint8_t *out = malloc(room + 1);
	struct rcgo_bytes in = {.at = data + (size != 0), .size = size - (size != 0)};
	size_t used = 0;

	if (size != 0 && (data[0] & 1) != 0) {
		fuzz_check(rcgo__lzma2(in, &used, out, room, arena), room, arena);
		if (used > in.size) {
			abort();
		}
	} else {
		rcgo__xz_size(in);
		fuzz_check(rcgo__xz(in, out, room, arena), room, arena);
	}
	free(out);
	return 0;
}
