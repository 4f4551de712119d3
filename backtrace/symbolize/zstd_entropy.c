// SPDX-License-Identifier: BSD-3-Clause
// The entropy decoders of Zstandard: FSE and Huffman. Runs on any stack, also in signal handlers.
// Contract: RFC 8878, 4.1 and 4.2.

#include "decompress.h"

static uint32_t
zstd_highest_bit(uint32_t n)
{
	return 31 - (uint32_t)__builtin_clz(n);
}

// Distributes the symbols over the states.
static void
zstd_fse_spread(const int16_t *counts, uint32_t n, struct rcgo_zstd_fse *fse)
{
	uint32_t size = 1u << fse->log, end = size;
	uint32_t step = (size >> 1) + (size >> 3) + 3, at = 0;

	for (uint32_t symbol = 0; symbol < n; symbol++) {
		if (counts[symbol] < 0) {
			fse->at[--end].symbol = (uint8_t)symbol;
		}
	}
	for (uint32_t symbol = 0; symbol < n; symbol++) {
		for (int i = 0; i < counts[symbol]; i++) {
			fse->at[at].symbol = (uint8_t)symbol;
			do {
				at = (at + step) & (size - 1);
			} while (at >= end);
		}
	}
}

void
rcgo__zstd_fse_make(struct rcgo_zstd *s, struct rcgo_zstd_fse *fse, uint32_t n, uint32_t log)
{
	uint32_t size = 1u << log;

	fse->log = log;
	fse->known = true;
	zstd_fse_spread(s->counts, n, fse);
	for (uint32_t i = 0; i < n; i++) {
		s->counts[i] = s->counts[i] < 0 ? 1 : s->counts[i];
	}
	// The states of a symbol partition all next states. The first ones take more bits.
	for (uint32_t i = 0; i < size; i++) {
		struct rcgo_zstd_fse_entry *entry = &fse->at[i];
		uint32_t next = (uint32_t)s->counts[entry->symbol]++;

		entry->bits = (uint8_t)(log - zstd_highest_bit(next));
		entry->base = (uint16_t)((next << entry->bits) - size);
	}
}

void
rcgo__zstd_fse_single(struct rcgo_zstd_fse *fse, uint8_t symbol)
{
	fse->log = 0;
	fse->known = true;
	fse->at[0] = (struct rcgo_zstd_fse_entry){.symbol = symbol};
}

// A bit stream that is read from the start, lowest bit of each byte first.
struct zstd_forward {
	struct rcgo_bytes b;
	size_t at; // offset in bits
};

// Returns the next n bits, at most 16. Bits past the end are 0.
static uint32_t
zstd_forward_take(struct zstd_forward *f, uint32_t n)
{
	uint32_t word = 0;

	for (size_t i = 0; i < 3; i++) {
		size_t byte = f->at / 8 + i;

		word |= byte < f->b.size ? (uint32_t)f->b.at[byte] << 8 * i : 0;
	}
	word = word >> f->at % 8 & ((1u << n) - 1);
	f->at += n;
	return word;
}

// Reads one count, at most `most`. A count takes one bit less if the lower bits already determine
// it.
static int32_t
zstd_fse_count(struct zstd_forward *f, uint32_t maximum)
{
	uint32_t bits = zstd_highest_bit(maximum + 1) + 1;
	uint32_t short_ones = (1u << bits) - 1 - (maximum + 1);
	uint32_t value = zstd_forward_take(f, bits);
	uint32_t low = value & ((1u << (bits - 1)) - 1);

	if (low < short_ones) {
		f->at--;
		value = low;
	} else if (value != low) {
		value -= short_ones;
	}
	return (int32_t)value - 1;
}

size_t
rcgo__zstd_fse_read(struct rcgo_zstd *s, struct rcgo_zstd_fse *fse, struct rcgo_bytes in,
	uint32_t n, uint32_t log)
{
	struct zstd_forward f = {.b = in};
	uint32_t table_log = zstd_forward_take(&f, 4) + 5;
	int32_t left = 1 << table_log;
	uint32_t symbol = 0;

	if (table_log > log) {
		return 0;
	}
	memset(s->counts, 0, sizeof s->counts);
	while (left > 0 && symbol < n) {
		int32_t count = zstd_fse_count(&f, (uint32_t)left);

		left -= count < 0 ? -count : count;
		s->counts[symbol++] = (int16_t)count;
		if (count == 0) {
			uint32_t more;

			do {
				more = zstd_forward_take(&f, 2);
				symbol += more;
			} while (more == 3 && symbol < n);
		}
	}
	if (left != 0 || symbol > n || f.at > in.size * 8) {
		return 0;
	}
	rcgo__zstd_fse_make(s, fse, symbol, table_log);
	return (f.at + 7) / 8;
}

// The literals of a block and their Huffman code.
// Contract: RFC 8878, 3.1.1.3.1 and 4.2.

#define ZSTD_WEIGHT_LOG 6
#define ZSTD_WEIGHT_COUNT 12 // weights are 0 to 11
#define ZSTD_STREAMS_HEADER 6
#define ZSTD_LITERALS_REFILL 5 // symbols of at most 11 bits in the 56 bits of a refill

// Reads weights that are compressed with FSE. Two states alternate until the bits are used up.
// Returns the number of weights, or 0.
static uint32_t
zstd_fse_weights(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	size_t header = rcgo__zstd_fse_read(s, &s->weights, in, ZSTD_WEIGHT_COUNT, ZSTD_WEIGHT_LOG);
	struct rcgo_zstd_bits bits;
	uint32_t state[2];
	uint32_t n = 0;

	if (header == 0 || !zstd_bits_start(&bits, rcgo__bytes_from(in, header))) {
		return 0;
	}
	state[0] = zstd_bits_take(&bits, s->weights.log);
	state[1] = zstd_bits_take(&bits, s->weights.log);
	if (bits.left < 0) {
		return 0;
	}
	while (n < RCGO_ZSTD_SYMBOLS - 2) {
		struct rcgo_zstd_fse_entry entry = s->weights.at[state[n & 1]];

		s->numbers[n] = entry.symbol;
		zstd_bits_refill(&bits);
		state[n & 1] = entry.base + zstd_bits_take(&bits, entry.bits);
		n++;
		if (bits.left < 0) {
			s->numbers[n] = s->weights.at[state[n & 1]].symbol;
			return n + 1;
		}
	}
	return 0;
}

// Builds the table from n weights. The last symbol's weight is implied: it completes the code.
static bool
zstd_huffman_make(struct rcgo_zstd *s, uint32_t n)
{
	uint32_t sum = 0, rest, at = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (s->numbers[i] > RCGO_ZSTD_HUFFMAN_LOG) {
			return false;
		}
		sum += s->numbers[i] != 0 ? 1u << (s->numbers[i] - 1) : 0;
	}
	if (sum == 0 || sum >= 1u << RCGO_ZSTD_HUFFMAN_LOG) {
		return false;
	}
	s->huffman.log = 32 - (uint32_t)__builtin_clz(sum);
	rest = (1u << s->huffman.log) - sum;
	if ((rest & (rest - 1)) != 0) {
		return false;
	}
	s->numbers[n++] = (uint8_t)(__builtin_ctz(rest) + 1);
	for (uint32_t weight = 1; weight <= s->huffman.log; weight++) {
		for (uint32_t symbol = 0; symbol < n; symbol++) {
			uint32_t end = at + (1u << (weight - 1));

			for (; s->numbers[symbol] == weight && at < end; at++) {
				s->huffman.at[at].symbol = (uint8_t)symbol;
				s->huffman.at[at].bits = (uint8_t)(s->huffman.log + 1 - weight);
			}
		}
	}
	s->huffman.known = at == 1u << s->huffman.log;
	return s->huffman.known;
}

size_t
rcgo__zstd_huffman_read(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	struct rcgo_bytes content;
	uint32_t n;
	size_t size;

	s->huffman.known = false;
	if (in.size == 0) {
		return 0;
	}
	if (in.at[0] < 128) {
		size = in.at[0];
		n = zstd_fse_weights(s, rcgo__bytes_slice(in, 1, size));
	} else {
		n = in.at[0] - 127u;
		size = (n + 1) / 2;
		content = rcgo__bytes_slice(in, 1, size);
		for (uint32_t i = 0; i < n && content.size != 0; i++) {
			s->numbers[i] =
				i % 2 == 0 ? content.at[i / 2] >> 4 : content.at[i / 2] & 15;
		}
		n = content.size != 0 ? n : 0;
	}
	return n != 0 && zstd_huffman_make(s, n) ? 1 + size : 0;
}

// Decodes n literals from one stream, which must contain exactly n.
static bool
zstd_stream(const struct rcgo_zstd_huffman *huffman, struct rcgo_bytes in, uint8_t *to, size_t n)
{
	struct rcgo_zstd_bits bits;

	if (!zstd_bits_start(&bits, in)) {
		return false;
	}
	while (n > 0 && bits.left >= 0) {
		size_t some = n < ZSTD_LITERALS_REFILL ? n : ZSTD_LITERALS_REFILL;

		zstd_bits_refill(&bits);
		for (size_t i = 0; i < some; i++) {
			size_t code = bits.word >> (64 - huffman->log);

			*to++ = huffman->at[code].symbol;
			zstd_bits_take(&bits, huffman->at[code].bits);
		}
		n -= some;
	}
	return bits.left == 0;
}

// Decodes four streams after a header with the sizes of the first three.
static bool
zstd_four_streams(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	size_t each = (s->literal_count + 3) / 4;
	size_t at = ZSTD_STREAMS_HEADER;

	if (in.size < ZSTD_STREAMS_HEADER || 3 * each > s->literal_count) {
		return false;
	}
	for (size_t i = 0; i < 3; i++) {
		size_t size = rcgo__get16(in.at + 2 * i, false);

		if (!zstd_stream(&s->huffman, rcgo__bytes_slice(in, at, size),
			    s->literals + i * each, each)) {
			return false;
		}
		at += size;
	}
	return zstd_stream(&s->huffman, rcgo__bytes_from(in, at), s->literals + 3 * each,
		s->literal_count - 3 * each);
}

// Reads raw literals, or one literal repeated. form is the lowest four bits of the header.
static size_t
zstd_raw_literals(struct rcgo_zstd *s, struct rcgo_bytes in, uint32_t word, uint32_t form)
{
	size_t header = (form & 4) == 0 ? 1 : (form & 8) == 0 ? 2 : 3;
	bool repeat = (form & 3) == 1;
	struct rcgo_bytes content;

	s->literal_count = header == 1	 ? (word & 0xff) >> 3
			   : header == 2 ? (word & 0xffff) >> 4
					 : (word & 0xffffff) >> 4;
	if (s->literal_count > RCGO_ZSTD_BLOCK_MAX || in.size < header) {
		return 0;
	}
	content = rcgo__bytes_slice(in, header, repeat ? 1 : s->literal_count);
	if (content.size != (repeat ? 1 : s->literal_count)) {
		return 0;
	}
	if (repeat) {
		memset(s->literals, content.at[0], s->literal_count);
	} else if (content.size != 0) {
		memcpy(s->literals, content.at, content.size);
	}
	return header + content.size;
}

// Decodes Huffman-coded literals. The code precedes them or is reused from an earlier block.
static size_t
zstd_huffman_literals(struct rcgo_zstd *s, struct rcgo_bytes in, uint64_t word)
{
	uint32_t format = word >> 2 & 3;
	uint32_t width = format < 2 ? 10 : format == 2 ? 14 : 18;
	size_t header = format < 2 ? 3 : format == 2 ? 4 : 5;
	size_t size = word >> (4 + width) & ((1u << width) - 1);
	struct rcgo_bytes content = rcgo__bytes_slice(in, header, size);

	s->literal_count = word >> 4 & ((1u << width) - 1);
	if (content.size == 0 || s->literal_count > RCGO_ZSTD_BLOCK_MAX) {
		return 0;
	}
	if ((word & 3) == 2) {
		size_t n = rcgo__zstd_huffman_read(s, content);

		if (n == 0) {
			return 0;
		}
		content = rcgo__bytes_from(content, n);
	}
	if (!s->huffman.known ||
		!(format == 0 ? zstd_stream(&s->huffman, content, s->literals, s->literal_count)
			      : zstd_four_streams(s, content))) {
		return 0;
	}
	return header + size;
}

size_t
rcgo__zstd_literals(struct rcgo_zstd *s, struct rcgo_bytes in)
{
	uint64_t word = 0;

	if (in.size == 0) {
		return 0;
	}
	for (size_t i = 0; i < 5 && i < in.size; i++) {
		word |= (uint64_t)in.at[i] << 8 * i;
	}
	if ((word & 2) == 0) {
		return zstd_raw_literals(s, in, (uint32_t)word, word & 15);
	}
	return zstd_huffman_literals(s, in, word);
}
