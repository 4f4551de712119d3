// SPDX-License-Identifier: BSD-3-Clause
// decompress.h: the decompressors for debug sections and MiniDebugInfo: deflate (RFC 1951), bare or
// in zlib's format (RFC 1950), xz with LZMA2, and Zstandard. Go's linker compresses DWARF with zlib
// by default.
#ifndef RCGO_DECOMPRESS_H
#define RCGO_DECOMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "byte_range.h"

enum rcgo_inflate_format {
	RCGO_INFLATE_RAW,
	RCGO_INFLATE_ZLIB, // with a header and an Adler-32 checksum, both verified
};

// Decompresses in to out, which has space for cap bytes. Returns the number of bytes written, or
// -errno: -EBADMSG if the stream is malformed or truncated, -ENOSPC if the output exceeds cap
// bytes, -ENOMEM if the arena lacks 8 KiB for the tables, which are released on return. Bytes after
// the stream are ignored. out may be written to even if the call fails.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__inflate(struct rcgo_bytes in, uint8_t *out, size_t cap,
	enum rcgo_inflate_format format, struct rcgo_arena *scratch);

// The state, the bit reader and the code tables of the inflate decoder.

// One prefix code of a deflate block as a table. The next bits of the stream are the index; the
// entry gives the symbol. Codes longer than the index are decoded by their canonical order.
#define RCGO_INFLATE_FAST 10 // bits
#define RCGO_INFLATE_LONGEST 15
#define RCGO_INFLATE_SYMBOLS 288

struct rcgo_inflate_code {
	// symbol << 4 | code length; 0: the code is longer than the index, or invalid
	uint16_t fast[1 << RCGO_INFLATE_FAST];
	uint16_t sorted[RCGO_INFLATE_SYMBOLS];	  // the symbols in the order of their codes
	uint16_t count[RCGO_INFLATE_LONGEST + 1]; // number of codes of each length
};

struct rcgo_inflate {
	struct rcgo_bytes in;
	size_t next;   // offset of the next byte of in
	uint64_t bits; // bit buffer, first bit lowest; bits above count are 0 or valid
	uint32_t count;
	uint32_t missing; // zero bytes that were read past the end of in
	uint8_t *out;
	size_t cap, size;
	struct rcgo_inflate_code literals, distances;
	uint8_t lengths[RCGO_INFLATE_SYMBOLS + 32];
};

// Builds the two codes of a block: the fixed codes, or those that the block describes. Returns
// false if the stream is malformed.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_fixed_codes(struct rcgo_inflate *s);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__inflate_dynamic_codes(struct rcgo_inflate *s);

// Decodes the symbol at the low end of bits whose code is not in the fast table. Returns an entry
// in the format of that table.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint32_t rcgo__inflate_code_slow(const struct rcgo_inflate_code *code, uint64_t bits);

// Fills the bit buffer to at least 56 bits. Bytes past the end are counted and read as 0.
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

// Returns the next n bits. The caller has refilled the bit buffer.
static inline uint32_t
inflate_take(struct rcgo_inflate *s, uint32_t n)
{
	uint32_t value = (uint32_t)(s->bits & ((UINT64_C(1) << n) - 1));

	s->bits >>= n;
	s->count -= n;
	return value;
}

// Returns whether more bits were used than the stream has.
static inline bool
inflate_overrun(const struct rcgo_inflate *s)
{
	return s->missing != 0 && s->count < 8 * (uint64_t)s->missing;
}

// Returns the next symbol, or UINT32_MAX for an invalid code.
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

// The state of the LZMA decoder, which xz uses.

#define RCGO_LZMA_STATES 12
#define RCGO_LZMA_PLACES 16		// distinct positions modulo 2^pb, at most
#define RCGO_LZMA_LITERALS (0x300 << 4) // LZMA2 limits lc + lp to 4
#define RCGO_LZMA_HALF 1024		// the initial probability

// The probabilities that a bit is 0, in units of 1/2048. The structures hold nothing else, so they
// are initialized as one array.
struct rcgo_lzma_length {
	uint16_t choice[2];
	uint16_t low[RCGO_LZMA_PLACES][8];
	uint16_t middle[RCGO_LZMA_PLACES][8];
	uint16_t high[256];
};

struct rcgo_lzma_odds {
	uint16_t match[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t is_rep[RCGO_LZMA_STATES];
	uint16_t is_rep_g0[RCGO_LZMA_STATES];
	uint16_t is_rep_g1[RCGO_LZMA_STATES];
	uint16_t is_rep_g2[RCGO_LZMA_STATES];
	uint16_t is_rep0_long[RCGO_LZMA_STATES][RCGO_LZMA_PLACES];
	uint16_t slot[4][64];
	uint16_t middle[128]; // of distances up to 127
	uint16_t align[16];
	struct rcgo_lzma_length match_length, rep_length;
	uint16_t literal[RCGO_LZMA_LITERALS];
};

struct rcgo_lzma {
	struct rcgo_bytes in; // of one chunk
	size_t next;
	uint32_t range, code;
	bool malformed; // the input was too short or invalid
	uint8_t *out;
	size_t size;	   // number of bytes in out
	size_t end;	   // end of the chunk's output
	size_t dictionary; // start of the dictionary in out; no match may start before it
	uint32_t state;
	uint32_t distances[4]; // the last distances, latest first; stored minus 1
	uint32_t literal_bits, literal_pos_mask, pos_mask;
	struct rcgo_lzma_odds probs;
};

// Decodes one chunk. The caller has initialized the range decoder. Returns whether the input was
// valid to its end.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN bool rcgo__lzma_chunk(struct rcgo_lzma *s);

// Decompresses an LZMA2 stream at the start of in. Returns the number of bytes written to out and
// sets *used to the number of bytes read. Returns -errno as rcgo__xz does.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__lzma2(
	struct rcgo_bytes in, size_t *used, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// Decompression of .xz files, the format of MiniDebugInfo (.gnu_debugdata).

// Returns the decompressed size according to the index at the end of the stream, or -EBADMSG.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz_size(struct rcgo_bytes in);

// Decompresses in, one stream whose only filter is LZMA2, to out, which has space for cap bytes.
// Returns the number of bytes written, or -errno: -EBADMSG if the stream is malformed, truncated or
// fails its check (CRC-32 and CRC-64; SHA-256 is not verified), -ENOTSUP for other filters, -ENOSPC
// if the output exceeds cap bytes, -ENOMEM if the arena lacks 32 KiB for the tables, which are
// released on return.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__xz(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// Decompression of Zstandard frames (RFC 8878). Linkers compress debug sections with it for
// -gz=zstd.

// Decompresses in, one frame or several, to out, which has space for cap bytes. Returns the number
// of bytes written, or -errno: -EBADMSG if a frame is malformed, truncated or fails its checksum,
// -ENOTSUP if it needs a dictionary, -ENOSPC if the output exceeds cap bytes, -ENOMEM if the arena
// lacks 160 KiB for tables and literals, which are released on return.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN ptrdiff_t rcgo__zstd(
	struct rcgo_bytes in, uint8_t *out, size_t cap, struct rcgo_arena *scratch);

// The state, the bit reader and the tables of the Zstandard decoder.

#define RCGO_ZSTD_BLOCK_MAX ((size_t)128 * 1024)
#define RCGO_ZSTD_FSE_LOG 9
#define RCGO_ZSTD_HUFFMAN_LOG 11
#define RCGO_ZSTD_SYMBOLS 256

// One state of an FSE table: its symbol. The next state is base plus the next `bits` bits.
struct rcgo_zstd_fse_entry {
	uint16_t base;
	uint8_t symbol, bits;
};

struct rcgo_zstd_fse {
	struct rcgo_zstd_fse_entry at[1 << RCGO_ZSTD_FSE_LOG];
	uint32_t log; // log2 of the number of states
	bool known;   // a later block may reuse it
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
	size_t frame;	     // start of the frame in out
	uint32_t offsets[3]; // the last offsets, latest first
	struct rcgo_zstd_huffman huffman;
	// The tables of literal lengths, offsets and match lengths.
	struct rcgo_zstd_fse lengths, offset_codes, matches;
	struct rcgo_zstd_fse weights;
	uint8_t numbers[RCGO_ZSTD_SYMBOLS]; // weights of Huffman codes
	int16_t counts[RCGO_ZSTD_SYMBOLS];  // of the FSE table that is being built
	size_t literal_count;
	uint8_t literals[RCGO_ZSTD_BLOCK_MAX];
};

// A bit stream that is read from the end of b to its start. left is the number of unread bits. If
// it is negative, more bits were read than exist; the excess bits are 0.
struct rcgo_zstd_bits {
	struct rcgo_bytes b;
	int64_t left;
	uint64_t word; // the next bits, first bit highest; at least 56 after a refill
	uint64_t head; // the first eight bytes of b, which are read last
};

// Fills bits->word with at least the next 56 bits.
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

// Starts after the highest set bit of the last byte, which marks the end of the stream. Returns
// whether there is one.
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

// Returns the next n bits. The caller has refilled bits->word.
static inline RCGO_UNUSED uint32_t
zstd_bits_take(struct rcgo_zstd_bits *bits, uint32_t n)
{
	uint32_t value = (uint32_t)(bits->word >> 1 >> (63 - n));

	bits->word <<= n;
	bits->left -= n;
	return value;
}

// Builds a table of 1 << log states from s->counts of n symbols. A count of -1 means a probability
// below one state.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__zstd_fse_make(
	struct rcgo_zstd *s, struct rcgo_zstd_fse *fse, uint32_t n, uint32_t log);

// Builds a table with a single symbol.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__zstd_fse_single(struct rcgo_zstd_fse *fse, uint8_t symbol);

// Reads a table description at the start of in: symbols below n, at most 1 << log states. Returns
// its size in bytes, or 0 if it is malformed.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_fse_read(struct rcgo_zstd *s, struct rcgo_zstd_fse *fse,
	struct rcgo_bytes in, uint32_t n, uint32_t log);

// Reads the literals section at the start of a block into s->literals. Returns its size in bytes,
// or 0 if it is malformed.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_literals(struct rcgo_zstd *s, struct rcgo_bytes in);

// Reads the description of the Huffman code at the start of in into s->huffman. Returns its size in
// bytes, or 0 if it is malformed.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__zstd_huffman_read(struct rcgo_zstd *s, struct rcgo_bytes in);

// Reads the sequences section, which is the rest of a block, and executes the sequences: copies
// literals and matches to the output. Returns 0, or -errno.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN int rcgo__zstd_sequences(struct rcgo_zstd *s, struct rcgo_bytes in);

#endif // RCGO_DECOMPRESS_H
