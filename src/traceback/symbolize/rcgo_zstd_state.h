// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: what the files of our Zstandard decoder share: its state, its bits, its
// tables.
#ifndef RCGO_ZSTD_STATE_H
#define RCGO_ZSTD_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rcgo_bytes.h"

#define RCGO_ZSTD_BLOCK_MAX ((size_t)128 * 1024)
#define RCGO_ZSTD_FSE_LOG 9
#define RCGO_ZSTD_HUFFMAN_LOG 11
#define RCGO_ZSTD_SYMBOLS 256

// One state of a table: the symbol it stands for, and the next state is base + the next bits.
struct rcgo_zstd_fse_entry {
	uint16_t base;
	uint8_t symbol, bits;
};

struct rcgo_zstd_fse {
	struct rcgo_zstd_fse_entry at[1 << RCGO_ZSTD_FSE_LOG];
	uint32_t log; // of how many states there are
	bool known;   // a later block may use it again
};

struct rcgo_zstd_huffman {
	struct {
		uint8_t symbol, bits;
	} at[1 << RCGO_ZSTD_HUFFMAN_LOG];
	uint32_t log;
	bool known;
};

struct rcgo_zstd {
	uint8_t *out;
	size_t size, cap;
	size_t frame;	     // where in out the frame began
	uint32_t offsets[3]; // the last ones, the latest first
	struct rcgo_zstd_huffman huffman;
	struct rcgo_zstd_fse lengths, places, matches; // of literals, offsets, and matches
	struct rcgo_zstd_fse weights;
	uint8_t numbers[RCGO_ZSTD_SYMBOLS]; // weights of Huffman codes
	int16_t counts[RCGO_ZSTD_SYMBOLS];  // of an FSE table in the making
	size_t literal_count;
	uint8_t literals[RCGO_ZSTD_BLOCK_MAX];
};

// Bits that are read from the end of b to its beginning. left is how many are; when it is below 0,
// more were read than there are, and those were 0.
struct rcgo_zstd_bits {
	struct rcgo_bytes b;
	int64_t left;
	uint64_t word; // the next bits, the first one highest: as many as a refill promises
	uint64_t head; // the first eight bytes of b, with which it ends
};

// Makes sure of the next 56 bits.
static inline RCGO_UNUSED void
zstd_bits_refill(struct rcgo_zstd_bits *bits)
{
	if (RCGO_LIKELY(bits->left > 64)) {
		const uint8_t *at = bits->b.at + (bits->left >> 3) - 7;

		bits->word = rcgo__get64(at, false) << (8 - (bits->left & 7));
	} else {
		bits->word = bits->left > 0 ? bits->head << (64 - bits->left) : 0;
	}
}

// Starts at the highest bit that is set, which is not one of them. Returns whether there is one.
static inline RCGO_UNUSED bool
zstd_bits_start(struct rcgo_zstd_bits *bits, struct rcgo_bytes b)
{
	bits->b = b;
	bits->head = 0;
	if (b.size == 0 || b.at[b.size - 1] == 0) {
		return false;
	}
	for (size_t i = 0; i < 8 && i < b.size; i++) {
		bits->head |= (uint64_t)b.at[i] << 8 * i;
	}
	bits->left = (int64_t)b.size * 8 - 1 - (__builtin_clz(b.at[b.size - 1]) - 24);
	zstd_bits_refill(bits);
	return true;
}

// The next n bits, of those that a refill made sure of.
static inline RCGO_UNUSED uint32_t
zstd_bits_take(struct rcgo_zstd_bits *bits, uint32_t n)
{
	uint32_t value = (uint32_t)(bits->word >> 1 >> (63 - n));

	bits->word <<= n;
	bits->left -= n;
	return value;
}

// Makes a table of 1 << log states from s->counts of n symbols; -1 is less than one.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__zstd_fse_make(
	struct rcgo_zstd *s, struct rcgo_zstd_fse *fse, uint32_t n, uint32_t log);

// Makes a table that has one symbol alone.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__zstd_fse_single(struct rcgo_zstd_fse *fse, uint8_t symbol);

// Reads a table's description at the beginning of in: symbols below n, at most 1 << log states.
// Returns how many bytes it takes, or 0 when it is broken.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_fse_read(struct rcgo_zstd *s, struct rcgo_zstd_fse *fse,
	struct rcgo_bytes in, uint32_t n, uint32_t log);

// Reads the literals section at the beginning of a block into s->literals. Returns how many bytes
// it takes, or 0 when it is broken.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_literals(struct rcgo_zstd *s, struct rcgo_bytes in);

// Reads the description of the Huffman code at the beginning of in into s->huffman. Returns how
// many bytes it takes, or 0 when it is broken.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_huffman_read(struct rcgo_zstd *s, struct rcgo_bytes in);

// Reads the sequences section, the rest of a block, and writes out what the sequences make of the
// literals. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__zstd_sequences(struct rcgo_zstd *s, struct rcgo_bytes in);

#endif // RCGO_ZSTD_STATE_H
