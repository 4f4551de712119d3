// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: decompression of deflate streams (RFC 1951), bare or as zlib wraps them
// (RFC 1950). Go's linker compresses DWARF so by default.
#ifndef RCGO_DECOMPRESS_H
#define RCGO_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"

enum rcgo_inflate_format {
	RCGO_INFLATE_RAW,
	RCGO_INFLATE_ZLIB, // with header and Adler-32, which are checked
};

// Decompresses in to out, which has room for cap bytes. Returns how many bytes were written, or
// -EBADMSG when the stream is broken or cut short, -ENOSPC when more than cap bytes come out,
// -ENOMEM when the arena lacks the 8 KiB for tables, which are given back. Bytes behind the stream
// are ignored; out is written to in any case.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__inflate(struct rcgo_bytes in, uint8_t *out, size_t cap,
	enum rcgo_inflate_format format, struct rcgo_arena *scratch);

// Traceback Generation: what the files of our inflate share: its state, its bits, its codes.

// One code of a deflate block as a table: indexed by the next bits of the stream, it gives what
// they stand for. Codes longer than the index are told by their canonical order.
#define RCGO_INFLATE_FAST 10 // bits
#define RCGO_INFLATE_LONGEST 15
#define RCGO_INFLATE_SYMBOLS 288

struct rcgo_inflate_code {
	// symbol << 4 | length of its code; 0 is a code that is longer than the index, or none
	uint16_t fast[1 << RCGO_INFLATE_FAST];
	uint16_t sorted[RCGO_INFLATE_SYMBOLS];	  // the symbols in the order of their codes
	uint16_t count[RCGO_INFLATE_LONGEST + 1]; // of codes of each length
};

struct rcgo_inflate {
	struct rcgo_bytes in;
	size_t next;   // byte of in
	uint64_t bits; // read from in, the first one lowest; those above the count are 0 or right
	uint32_t count;
	uint32_t missing; // bytes that were read behind the end of in, as 0
	uint8_t *out;
	size_t cap, size;
	struct rcgo_inflate_code literals, distances;
	uint8_t lengths[RCGO_INFLATE_SYMBOLS + 32];
};

// Makes the two codes of a block of the fixed kind, or of one that brings its own. Returns false
// when the stream is broken.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_fixed_codes(struct rcgo_inflate *s);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_dynamic_codes(struct rcgo_inflate *s);

// Reads a symbol at the low end of bits, the way of codes that the fast table does not have.
// Returns as that table does.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__inflate_code_slow(const struct rcgo_inflate_code *code, uint64_t bits);

// Makes sure of 56 bits. What is read behind the end is counted and 0.
static inline void
inflate_refill(struct rcgo_inflate *s)
{
	if (RCGO_LIKELY(s->in.size - s->next >= 8)) {
		s->bits |= rcgo__get64(s->in.at + s->next, false) << s->count;
		s->next += (63 - s->count) >> 3;
		s->count |= 56;
		return;
	}
	while (s->count < 56) {
		if (s->next < s->in.size) {
			s->bits |= (uint64_t)s->in.at[s->next++] << s->count;
		} else {
			s->missing++;
		}
		s->count += 8;
	}
}

// The next n bits, of those that a refill made sure of.
static inline uint32_t
inflate_take(struct rcgo_inflate *s, uint32_t n)
{
	uint32_t value = (uint32_t)(s->bits & ((UINT64_C(1) << n) - 1));

	s->bits >>= n;
	s->count -= n;
	return value;
}

// Whether bits were used that the stream does not have.
static inline bool
inflate_overrun(const struct rcgo_inflate *s)
{
	return s->missing != 0 && s->count < 8 * (uint64_t)s->missing;
}

// The next symbol, or a number that is none.
static inline uint32_t
inflate_symbol(struct rcgo_inflate *s, const struct rcgo_inflate_code *code)
{
	uint32_t entry = code->fast[s->bits & ((1 << RCGO_INFLATE_FAST) - 1)];

	if (RCGO_UNLIKELY(entry == 0)) {
		entry = rcgo__inflate_code_slow(code, s->bits);
		if (entry == 0) {
			return UINT32_MAX;
		}
	}
	inflate_take(s, entry & 15);
	return entry >> 4;
}

// Traceback Generation: the LZMA decoder under xz: its state, and what its files share.

#define RCGO_LZMA_STATES 12
#define RCGO_LZMA_PLACES 16		// positions told apart, at most
#define RCGO_LZMA_LITERALS (0x300 << 4) // with lc + lp at most 4, as LZMA2 has them
#define RCGO_LZMA_HALF 1024		// a bit of which nothing is known

// How likely each bit is 0, in 2048ths. Nothing but such numbers, so that they are set as one row.
struct rcgo_lzma_length {
	uint16_t choice[2];
	uint16_t low[RCGO_LZMA_PLACES][8];
	uint16_t middle[RCGO_LZMA_PLACES][8];
	uint16_t high[256];
};

struct rcgo_lzma_odds {
	uint16_t match[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t again[RCGO_LZMA_STATES];
	uint16_t again_first[RCGO_LZMA_STATES];
	uint16_t again_second[RCGO_LZMA_STATES];
	uint16_t again_third[RCGO_LZMA_STATES];
	uint16_t again_longer[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t slot[4][64];
	uint16_t middle[128]; // of distances up to 127
	uint16_t align[16];
	struct rcgo_lzma_length match_length, again_length;
	uint16_t literal[RCGO_LZMA_LITERALS];
};

struct rcgo_lzma {
	struct rcgo_bytes in; // of one chunk
	size_t next;
	uint32_t range, code;
	bool broken; // in was too short, or says what cannot be
	uint8_t *out;
	size_t size;	   // bytes in out
	size_t end;	   // where the chunk's output ends
	size_t dictionary; // where in out matches may begin
	uint32_t state;
	uint32_t distances[4]; // the last ones, the latest first; counted from 0
	uint32_t literal_bits, literal_place_mask, place_mask;
	struct rcgo_lzma_odds odds;
};

// Decodes the content of one chunk; the range decoder has been started. Returns whether the input
// was right up to its end.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__lzma_chunk(struct rcgo_lzma *s);

// Decompresses an LZMA2 stream at the beginning of in. Returns how many bytes were written to out
// and sets *used to how many were read, or -errno as rcgo__xz does.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__lzma2(
	struct rcgo_bytes in, size_t *used, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// Traceback Generation: decompression of .xz files, which MiniDebugInfo (.gnu_debugdata) is.

// How many bytes come out, by the index at the end of the stream. Returns that, or -EBADMSG.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz_size(struct rcgo_bytes in);

// Decompresses in, one stream with LZMA2 as its only filter, to out, which has room for cap bytes.
// Returns how many bytes were written, or -EBADMSG when the stream is broken, cut short or fails
// its check (CRC-32 and CRC-64; SHA-256 is not compared), -ENOTSUP for other filters, -ENOSPC when
// more than cap bytes come out, -ENOMEM when the arena lacks the 32 KiB for the tables, which are
// given back.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// Traceback Generation: decompression of Zstandard frames (RFC 8878), as linkers compress debug
// sections with -gz=zstd.

// Decompresses in, one frame or several, to out, which has room for cap bytes. Returns how many
// bytes were written, or -EBADMSG when a frame is broken, cut short or fails its checksum,
// -ENOTSUP when it needs a dictionary, -ENOSPC when more than cap bytes come out, -ENOMEM when the
// arena lacks the 160 KiB for tables and literals, which are given back.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__zstd(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// Traceback Generation: what the files of our Zstandard decoder share: its state, its bits, its
// tables.

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

#endif // RCGO_DECOMPRESS_H
