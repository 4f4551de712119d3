// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of deflate streams. gzip is the compressor.

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "decompress.h"
#include "unit.h"
#include "unit_samples.h"
#include "unit_shell.h"

#define GZIP_HEADER 10 // of gzip -n from standard input
#define GZIP_TRAILER 8

static struct rcgo_arena arena;

static ptrdiff_t
inflate(struct rcgo_bytes in, uint8_t *out, size_t cap)
{
	size_t before = arena.used;
	ptrdiff_t n = rcgo__inflate(in, out, cap, RCGO_INFLATE_RAW, &arena);

	CHECK_INT(arena.used, before);
	return n;
}

// Data that gzip compressed is restored exactly, and nothing is written beyond it.
static void
check_sample(const uint8_t *sample, size_t size, const char *level)
{
	size_t n;
	char *packed;
	uint8_t *out = malloc(size + 1);
	struct rcgo_bytes in;

	unit_shell_write("sample", sample, size);
	packed = unit_shell_output(&n, "gzip -n %s <sample", level);
	CHECK(n > GZIP_HEADER + GZIP_TRAILER);
	in = (struct rcgo_bytes){.at = (const uint8_t *)packed + GZIP_HEADER,
		.size = n - GZIP_HEADER - GZIP_TRAILER};
	unit_check_unpacked(inflate, in, sample, size);
	// The last byte may contain only unused bits; the last two may not.
	CHECK_INT(inflate(rcgo__bytes_slice(in, 0, in.size - 2), out, size), -EBADMSG);
	free(out);
	free(packed);
}

TEST(undoes_gzip)
{
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	for (unsigned kind = 0; kind < UNIT_SAMPLE_KINDS; kind++) {
		static const size_t sizes[] = {0, 1, 2, 100, 258, 65535, 65536, 300000};

		for (size_t i = 0; i < UNIT_COUNTOF(sizes); i++) {
			uint8_t *sample = unit_sample(kind, sizes[i]);

			check_sample(sample, sizes[i], i % 2 != 0 ? "-1" : "-9");
			free(sample);
		}
	}
}

// A stream that is truncated anywhere is reported as broken; the output until then is correct.
TEST(notices_every_cut)
{
	uint8_t *sample = unit_sample(1, 3000);
	uint8_t out[3000];
	size_t n;
	char *packed;

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell_write("sample", sample, 3000);
	packed = unit_shell_output(&n, "gzip -n <sample");
	n -= GZIP_HEADER + GZIP_TRAILER;
	for (size_t cut = 0; cut + 1 < n; cut++) {
		// In a separate allocation, so that the sanitizer detects a read beyond the end.
		uint8_t *part = malloc(cut + 1);

		memcpy(part, packed + GZIP_HEADER, cut);
		CHECK_INT(inflate((struct rcgo_bytes){.at = part, .size = cut}, out, sizeof out),
			-EBADMSG);
		free(part);
	}
	free(packed);
	free(sample);
}

// For any input bytes, the decoder ends and stays within bounds.
TEST(survives_damage)
{
	uint8_t *sample = unit_sample(1, 3000);
	uint8_t *out = malloc(5000);
	size_t n;
	char *packed;
	unsigned broken = 0;

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	unit_shell_write("sample", sample, 3000);
	packed = unit_shell_output(&n, "gzip -n <sample");
	n -= GZIP_HEADER + GZIP_TRAILER;
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t *part = malloc(n);

		memcpy(part, packed + GZIP_HEADER, n);
		for (unsigned k = 0; k <= i % 4; k++) {
			part[unit_random() % n] ^= (uint8_t)(1u << unit_random() % 8);
		}
		broken += inflate((struct rcgo_bytes){.at = part, .size = n}, out, 5000) < 0;
		free(part);
	}
	CHECK(broken > 500);
	free(out);
	free(packed);
	free(sample);
}

static void
check_bytes(const char *bits, size_t n, ptrdiff_t want)
{
	uint8_t out[64];
	uint8_t *in = malloc(n);

	memcpy(in, bits, n);
	CHECK_INT(inflate((struct rcgo_bytes){.at = in, .size = n}, out, sizeof out), want);
	free(in);
}

TEST(blocks_by_hand)
{
	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	check_bytes("\x03\x00", 2, 0);			    // fixed codes, empty
	check_bytes("\x01\x00\x00\xff\xff", 5, 0);	    // stored, empty
	check_bytes("\x01\x02\x00\xfd\xffhi", 7, 2);	    // stored
	check_bytes("\x01\x02\x00\xfd\xffh", 6, -EBADMSG);  // one byte missing
	check_bytes("\x01\x02\x00\xfc\xffhi", 7, -EBADMSG); // LEN and NLEN differ
	check_bytes("\x00\x01\x00\xfe\xffh\x03\x00", 8, 1); // a second block
	check_bytes("\x00\x01\x00\xfe\xffh", 6, -EBADMSG);  // which is missing
	check_bytes("\x07\x00", 2, -EBADMSG);		    // a block type that does not exist
	check_bytes("\x01\x41\x00\xbe\xff", 5, -EBADMSG);   // more codes than the input has
	check_bytes("", 0, -EBADMSG);
	check_bytes("\x03", 1, -EBADMSG);
	check_bytes("\x4b\x04\x00", 3, 1);	      // "a"
	check_bytes("\x4b\x04\x02\x00", 4, 4);	      // "a", then three bytes from distance 1
	check_bytes("\x4b\x04\x42\x00", 4, -EBADMSG); // from distance 2
}

// The header of zlib and its Adler-32, as RFC 1950 defines them.
TEST(zlib_wrapping)
{
	static const uint8_t wrapped[] = {
		0x78, 0x9c, 0x4b, 0x4c, 0x4a, 0x06, 0x00, 0x02, 0x4d, 0x01, 0x27};
	uint8_t copy[sizeof wrapped], out[8];
	struct rcgo_bytes in = {.at = copy, .size = sizeof copy};

	CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	memcpy(copy, wrapped, sizeof copy);
	CHECK_INT(rcgo__inflate(in, out, sizeof out, RCGO_INFLATE_ZLIB, &arena), 3);
	CHECK(memcmp(out, "abc", 3) == 0);
	for (size_t i = 0; i < sizeof copy; i++) {
		copy[i] ^= 0x11;
		CHECK(rcgo__inflate(in, out, sizeof out, RCGO_INFLATE_ZLIB, &arena) < 0);
		copy[i] ^= 0x11;
		in.size = i;
		CHECK(rcgo__inflate(in, out, sizeof out, RCGO_INFLATE_ZLIB, &arena) < 0);
		in.size = sizeof copy;
	}
}

TEST(says_that_the_arena_is_full)
{
	struct rcgo_arena none = {0};
	uint8_t out[8];

	CHECK_INT(rcgo__inflate((struct rcgo_bytes){.at = (const uint8_t *)"\x03\x00", .size = 2},
			  out, sizeof out, RCGO_INFLATE_RAW, &none),
		-ENOMEM);
}

UNIT_MAIN(UNIT_TEST(undoes_gzip), UNIT_TEST(notices_every_cut), UNIT_TEST(survives_damage),
	UNIT_TEST(blocks_by_hand), UNIT_TEST(zlib_wrapping), UNIT_TEST(says_that_the_arena_is_full))
