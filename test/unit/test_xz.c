// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of .xz files. xz is the compressor.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "checksum.h"
#include "decompress.h"
#include "unit.h"
#include "unit_samples.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

static ptrdiff_t
unxz(struct rcgo_bytes in, uint8_t *out, size_t cap)
{
	size_t before = arena.used;
	ptrdiff_t n = rcgo__xz(in, out, cap, &arena);

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
	packed = unit_shell_output(&n, "xz -T1 %s <sample", how);
	in = (struct rcgo_bytes){.at = (const uint8_t *)packed, .size = n};
	CHECK_INT(rcgo__xz_size(in), size);
	unit_check_unpacked(unxz, in, sample, size);
	free(packed);
}

TEST(undoes_xz)
{
	static const char *const how[] = {"-0", "-6", "-9e", "-C crc32", "-C none", "-C sha256",
		"--lzma2=lc=0,lp=4,pb=4", "--lzma2=lc=4,lp=0,pb=0,dict=4KiB", "--block-size=1000"};
	static const size_t sizes[] = {0, 1, 2, 300, 70000, 300000};

	unit_shell_needs("xz");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_samples_check(check_sample, sizes, UNIT_COUNTOF(sizes), how, UNIT_COUNTOF(how));
}

// Chunks of all kinds: a stream of words, random bytes, words, for which xz keeps and resets its
// state.
TEST(undoes_mixed_chunks)
{
	size_t size = 3 << 20;
	uint8_t *sample = unit_sample_mixed(size);

	unit_shell_needs("xz");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	check_sample(sample, size, "-1");
	check_sample(sample, size, "-6 --block-size=1MiB");
	free(sample);
}

TEST(refuses_other_filters)
{
	uint8_t *sample = unit_sample(1, 3000);
	uint8_t out[3000];
	char *packed;
	size_t n;

	unit_shell_needs("xz");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell_write("sample", sample, 3000);
	packed = unit_shell_output(&n, "xz --x86 --lzma2 <sample");
	CHECK_INT(unxz((struct rcgo_bytes){.at = (uint8_t *)packed, .size = n}, out, sizeof out),
		-ENOTSUP);
	free(packed);
	free(sample);
}

// Every byte of the file is covered by some check.
TEST(notices_damage_and_cuts)
{
	uint8_t *sample = unit_sample(1, 3000);
	uint8_t out[3000];
	char *packed;
	size_t n;

	unit_shell_needs("xz");
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell_write("sample", sample, 3000);
	packed = unit_shell_output(&n, "xz <sample");
	for (size_t i = 0; i < n; i++) {
		uint8_t *copy = malloc(n);

		memcpy(copy, packed, n);
		CHECK(rcgo__xz_size((struct rcgo_bytes){.at = copy, .size = i}) == -EBADMSG);
		for (unsigned bit = 0; bit < 8; bit++) {
			ptrdiff_t size, got;

			copy[i] ^= (uint8_t)(1u << bit);
			size = rcgo__xz_size((struct rcgo_bytes){.at = copy, .size = n});
			got = unxz((struct rcgo_bytes){.at = copy, .size = n}, out, sizeof out);
			// Only zero padding, in a part that the reference reader checks.
			CHECK(size < 0 || got < 0 || (copy[i] & (copy[i] - 1)) == 0);
			copy[i] ^= (uint8_t)(1u << bit);
		}
		free(copy);
		copy = malloc(i + 1);
		memcpy(copy, packed, i);
		CHECK(unxz((struct rcgo_bytes){.at = copy, .size = i}, out, sizeof out) < 0 ||
			i > n - 64);
		free(copy);
	}
	free(packed);
	free(sample);
}

// The check values that the specifications give for "123456789", and those of empty input.
TEST(checksums)
{
	struct rcgo_bytes nine = {.at = (const uint8_t *)"123456789", .size = 9}, none = {0};

	CHECK_INT(rcgo__crc32(nine), 0xcbf43926);
	CHECK_INT(rcgo__crc32(none), 0);
	CHECK(rcgo__crc64(nine) == UINT64_C(0x995dc9bbdf1939fa));
	CHECK_INT(rcgo__adler32(nine), 0x091e01de);
	CHECK_INT(rcgo__adler32(none), 1);
	CHECK(rcgo__xxh64(none) == UINT64_C(0xef46db3751d8e999));
	CHECK(rcgo__xxh64(nine) == UINT64_C(0x8cb841db40e6ae83));
}

TEST(says_that_the_arena_is_full)
{
	struct rcgo_arena none = {0};
	uint8_t out[16];
	size_t n;
	char *packed;

	unit_shell_needs("xz");
	packed = unit_shell_output(&n, "echo hello | xz");
	CHECK_INT(rcgo__xz((struct rcgo_bytes){.at = (uint8_t *)packed, .size = n}, out, sizeof out,
			  &none),
		-ENOMEM);
	free(packed);
}

UNIT_MAIN(UNIT_TEST(undoes_xz), UNIT_TEST(undoes_mixed_chunks), UNIT_TEST(refuses_other_filters),
	UNIT_TEST(notices_damage_and_cuts), UNIT_TEST(checksums),
	UNIT_TEST(says_that_the_arena_is_full))
