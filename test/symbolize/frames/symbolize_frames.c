// SPDX-License-Identifier: BSD-3-Clause
// Prints the frames that our symbolizer finds for addresses of a file, in the form of addr2line
// -aif. usage: symbolize_frames FILE

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "symbolizer.h"

#define ARENA ((size_t)1 << 30)

int
main(int argc, char **argv)
{
	struct rcgo_frame frames[RCGO_FRAMES_MAX];
	struct rcgo_object *object;
	struct rcgo_arena arena;
	char line[128];
	int err;

	if (argc != 2) {
		fprintf(stderr, "usage: symbolize_frames FILE <ADDRESSES\n");
		return 2;
	}
	err = rcgo__arena_init(&arena, ARENA);
	if (err == 0) {
		err = rcgo__object_open(&arena, argv[1], (struct rcgo_bytes){0}, &object);
	}
	if (err != 0) {
		fprintf(stderr, "symbolize_frames: %s: %s\n", argv[1], strerror(-err));
		return 1;
	}
	while (fgets(line, sizeof line, stdin) != NULL) {
		uint64_t address = strtoull(line, NULL, 16);
		size_t n = rcgo__object_frames(object, address, frames, RCGO_FRAMES_MAX);

		printf("0x%" PRIx64 "\n", address);
		for (size_t i = 0; i < n; i++) {
			printf("%s\n%s:%u\n",
				frames[i].function == NULL ? "??" : frames[i].function,
				frames[i].file == NULL ? "??" : frames[i].file, frames[i].line);
		}
		if (n == 0) {
			printf("??\n??:0\n");
		}
	}
	rcgo__object_close(object);
	rcgo__arena_free(&arena);
	return 0;
}
