// SPDX-License-Identifier: BSD-3-Clause
// Unit tests: data to compress. Each kind makes a compressor use another method.
#ifndef UNIT_SAMPLES_H
#define UNIT_SAMPLES_H

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "byte_range.h"
#include "unit.h"

#define UNIT_SAMPLE_KINDS 6

static inline uint8_t
unit_sample_byte(unsigned kind, size_t i, const uint8_t *before)
{
	static const char text[] = "the quick brown fox jumps over the lazy dog; ";
	uint64_t r = unit_random();

	switch (kind) {
	case 0: // one byte
		return 'a';
	case 1: // words, in a changing order
		return (uint8_t)(r % 64 == 0 ? 'A' + r / 64 % 26
					     : (uint64_t)text[(i + r % 3) % (sizeof text - 1)]);
	case 2: // random bytes
		return (uint8_t)r;
	case 3: // few values, some rare
		return (uint8_t)__builtin_ctzll(r | UINT64_C(1) << 40);
	case 4: // growing numbers, as in tables
		return (uint8_t)(i % 4 == 0 ? i / 16 : i % 4 == 1 ? i / 4096 : 0);
	default: // repetitions from far away
		return i > 40000 && r % 512 != 0 ? before[i - 33333] : (uint8_t)(r % 50 + 'a');
	}
}

// Returns size bytes of this kind, the same in each run. The caller frees them.
static inline uint8_t *
unit_sample(unsigned kind, size_t size)
{
	uint8_t *sample = malloc(size + 1);

	for (size_t i = 0; i < size; i++) {
		sample[i] = unit_sample_byte(kind, i, sample);
	}
	return sample;
}

// Returns size bytes in pieces of each kind, between which a compressor keeps and resets its state.
// The caller frees them.
static inline uint8_t *
unit_sample_mixed(size_t size)
{
	const size_t piece = 1 << 18;
	uint8_t *sample = malloc(size);

	for (size_t at = 0; at < size; at += piece) {
		uint8_t *part = unit_sample((unsigned)(at / piece) % UNIT_SAMPLE_KINDS, piece);

		memcpy(sample + at, part, size - at < piece ? size - at : piece);
		free(part);
	}
	return sample;
}

// Calls check for samples of each kind and size, with the ways to compress in turn.
static inline void
unit_samples_check(void (*check)(const uint8_t *sample, size_t size, const char *how),
	const size_t *sizes, size_t n_sizes, const char *const *how, size_t n_how)
{
	for (unsigned kind = 0; kind < UNIT_SAMPLE_KINDS; kind++) {
		for (size_t i = 0; i < n_sizes; i++) {
			uint8_t *sample = unit_sample(kind, sizes[i]);

			check(sample, sizes[i], how[(kind + i) % n_how]);
			free(sample);
		}
	}
}

// Checks that unpack restores the sample, and writes nothing beyond it or beyond a smaller buffer.
static inline void
unit_check_unpacked(ptrdiff_t (*unpack)(struct rcgo_bytes in, uint8_t *out, size_t cap),
	struct rcgo_bytes packed, const uint8_t *sample, size_t size)
{
	uint8_t *out = malloc(size + 1);

	out[size] = '#';
	CHECK_INT(unpack(packed, out, size), size);
	CHECK(memcmp(out, sample, size) == 0);
	CHECK_INT(out[size], '#');
	if (size > 0) {
		CHECK_INT(unpack(packed, out, size - 1), -ENOSPC);
	}
	free(out);
}

#endif // UNIT_SAMPLES_H
