// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the FSE tables of Zstandard. Runs on any stack, in signal handlers too.
// Contract: RFC 8878, 4.1.

#include "rcgo_zstd_state.h"

static uint32_t
zstd_highest_bit(uint32_t n)
{
	return 31 - (uint32_t)__builtin_clz(n);
}

// Deals the symbols out over the states.
static void
zstd_fse_deal(const int16_t *counts, uint32_t n, struct rcgo_zstd_fse *fse)
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
	zstd_fse_deal(s->counts, n, fse);
	for (uint32_t i = 0; i < n; i++) {
		s->counts[i] = s->counts[i] < 0 ? 1 : s->counts[i];
	}
	// The states of a symbol share all states between them, the first ones taking more bits.
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

// Bits that are read from the beginning, the lowest of each byte first.
struct zstd_forward {
	struct rcgo_bytes b;
	size_t at; // bit
};

// The next n bits, at most 16; those behind the end are 0.
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

// Reads one count, of at most most. A count takes one bit less where the lower half of its range
// is enough to tell it.
static int32_t
zstd_fse_count(struct zstd_forward *f, uint32_t most)
{
	uint32_t bits = zstd_highest_bit(most + 1) + 1;
	uint32_t short_ones = (1u << bits) - 1 - (most + 1);
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
	uint32_t have = zstd_forward_take(&f, 4) + 5;
	int32_t left = 1 << have;
	uint32_t symbol = 0;

	if (have > log) {
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
	rcgo__zstd_fse_make(s, fse, symbol, have);
	return (f.at + 7) / 8;
}
