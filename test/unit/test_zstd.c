// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of Zstandard frames. zstd is the compressor.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decompress.h"
#include "unit.h"
#include "unit_samples.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

static ptrdiff_t
unzstd(struct rcgo_bytes in, uint8_t *out, size_t cap)
{
	size_t before = arena.used;
	ptrdiff_t n = rcgo__zstd(in, out, cap, &arena);

	CHECK_INT(arena.used, before);
	return n;
}

static void
check_sample(const uint8_t *sample, size_t size, const char *how)
{
	size_t n;
	char *packed;
	struct rcgo_bytes in;

	unit_shell_write("sample", sample, size);
	packed = unit_shell_output(&n, "zstd -q -T1 %s <sample", how);
	in = (struct rcgo_bytes){.at = (const uint8_t *)packed, .size = n};
	unit_check_unpacked(unzstd, in, sample, size);
	free(packed);
}

TEST(undoes_zstd)
{
	static const char *const how[] = {"-1", "-3", "-19", "--no-check -9", "-15", "--fast=5",
		"-6 --long=27 --format=zstd", "-12 --no-content-size"};
	static const size_t sizes[] = {0, 1, 2, 300, 70000, 300000};

	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_samples_check(check_sample, sizes, UNIT_COUNTOF(sizes), how, UNIT_COUNTOF(how));
}

// Chunks of all kinds: a stream of words, random bytes, words, for which tables are kept and built
// anew.
TEST(undoes_mixed_chunks)
{
	size_t size = 3 << 20;
	uint8_t *sample = unit_sample_mixed(size);

	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	check_sample(sample, size, "-1");
	check_sample(sample, size, "-15");
	check_sample(sample, size, "-5 -B1MiB");
	free(sample);
}

// Two frames with a skippable frame between them, as zstd -cat or other tools write.
TEST(several_frames)
{
	char *packed;
	size_t n;
	uint8_t out[64];

	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	packed = unit_shell_output(&n,
		"printf hello | zstd -q; printf '\\120\\052\\115\\030\\003\\0\\0\\0xyz'; "
		"printf world | zstd -q");
	CHECK_INT(unzstd((struct rcgo_bytes){.at = (uint8_t *)packed, .size = n}, out, sizeof out),
		10);
	CHECK(memcmp(out, "helloworld", 10) == 0);
	free(packed);
}

TEST(refuses_dictionaries)
{
	char *packed;
	size_t n;
	uint8_t out[4096];

	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell("for i in $(seq 400); do echo the quick brown fox $i jumps over $((i * 7)) lazy "
		   "dogs and $((i * i)) cats >part$i; done; zstd -q --train part* -o dictionary");
	packed = unit_shell_output(&n, "zstd -q -D dictionary <part7");
	CHECK_INT(unzstd((struct rcgo_bytes){.at = (uint8_t *)packed, .size = n}, out, sizeof out),
		-ENOTSUP);
	free(packed);
}

// A frame that is truncated anywhere or has any bit flipped is reported as broken: it has a
// checksum.
TEST(notices_damage_and_cuts)
{
	uint8_t *sample = unit_sample(1, 3000);
	uint8_t out[4000];
	char *packed;
	size_t n;

	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell_write("sample", sample, 3000);
	packed = unit_shell_output(&n, "zstd -q <sample");
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(n);

		memcpy(copy, packed, n);
		for (unsigned bit = 0; bit < 8; bit++) {
			ptrdiff_t got;

			copy[i] ^= (uint8_t)(1u << bit);
			got = unzstd((struct rcgo_bytes){.at = copy, .size = n}, out, sizeof out);
			// Some bits say only how large a window is wanted, or mean nothing.
			CHECK(got < 0 || (got == 3000 && memcmp(out, sample, 3000) == 0));
			copy[i] ^= (uint8_t)(1u << bit);
		}
		free(copy);
		copy = malloc(i + 1);
		memcpy(copy, packed, i);
		CHECK_INT(unzstd((struct rcgo_bytes){.at = copy, .size = i}, out, sizeof out),
			-EBADMSG);
		free(copy);
	}
	free(packed);
	free(sample);
}

TEST(survives_damage)
{
	unit_shell_needs("zstd");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	for (unsigned kind = 0; kind < UNIT_SAMPLE_KINDS; kind++) {
		uint8_t *sample = unit_sample(kind, 20000);
		uint8_t *out = malloc(30000);
		char *packed;
		size_t n;

		unit_shell_write("sample", sample, 20000);
		packed = unit_shell_output(&n, "zstd -q -9 --no-check <sample");
		for (unsigned i = 0; i < 2000; i++) {
			uint8_t *copy = malloc(n);

			memcpy(copy, packed, n);
			for (unsigned k = 0; k <= i % 4; k++) {
				copy[unit_random() % n] ^= (uint8_t)(1u << unit_random() % 8);
			}
			unzstd((struct rcgo_bytes){.at = copy, .size = n}, out, 30000);
			free(copy);
		}
		free(packed);
		free(out);
		free(sample);
	}
}

TEST(says_that_the_arena_is_full)
{
	struct rcgo_arena none = {0};
	uint8_t out[16];

	CHECK_INT(rcgo__zstd((struct rcgo_bytes){.at = out, .size = 8}, out, sizeof out, &none),
		-ENOMEM);
}

UNIT_MAIN(UNIT_TEST(undoes_zstd), UNIT_TEST(undoes_mixed_chunks), UNIT_TEST(several_frames),
	UNIT_TEST(refuses_dictionaries), UNIT_TEST(notices_damage_and_cuts),
	UNIT_TEST(survives_damage), UNIT_TEST(says_that_the_arena_is_full))
