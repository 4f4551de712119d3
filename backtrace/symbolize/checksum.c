// SPDX-License-Identifier: BSD-3-Clause
// The checksums of compressed data and of debug files. Runs on any stack, also in signal handlers.
// The tables are rebuilt at each call, because this code must not write to globals.
// Contract: RFC 1950, the xz file format 1.1, the specification of xxHash.

#include "checksum.h"

#define CRC32_POLYNOMIAL 0xedb88320u
#define CRC64_POLYNOMIAL UINT64_C(0xc96c5795d7870f42)

uint32_t
rcgo__crc32(struct rcgo_bytes b)
{
	return rcgo__crc32_more(0, b);
}

uint32_t
rcgo__crc32_more(uint32_t before, struct rcgo_bytes b)
{
	uint32_t table[256];
	uint32_t crc = ~before;

	for (uint32_t i = 0; i < 256; i++) {
		table[i] = i;
		for (int bit = 0; bit < 8; bit++) {
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? CRC32_POLYNOMIAL : 0);
		}
	}
	for (size_t i = 0; i < b.size; i++) {
		crc = crc >> 8 ^ table[(crc ^ b.at[i]) & 0xff];
	}
	return ~crc;
}

uint64_t
rcgo__crc64(struct rcgo_bytes b)
{
	uint64_t table[16]; // one entry per half byte; a table for bytes takes 2 KB of stack
	uint64_t crc = UINT64_MAX;

	for (uint32_t i = 0; i < 16; i++) {
		table[i] = i;
		for (int bit = 0; bit < 4; bit++) {
			table[i] = table[i] >> 1 ^ (table[i] & 1 ? CRC64_POLYNOMIAL : 0);
		}
	}
	for (size_t i = 0; i < b.size; i++) {
		crc ^= b.at[i];
		crc = crc >> 4 ^ table[crc & 15];
		crc = crc >> 4 ^ table[crc & 15];
	}
	return ~crc;
}

// The number of bytes that can be summed before the higher sum overflows 32 bits.
#define ADLER_RUN 5552
#define ADLER_PRIME 65521

uint32_t
rcgo__adler32(struct rcgo_bytes b)
{
	uint32_t low = 1, high = 0;

	for (size_t at = 0; at < b.size;) {
		size_t end = b.size - at > ADLER_RUN ? at + ADLER_RUN : b.size;

		for (; at < end; at++) {
			low += b.at[at];
			high += low;
		}
		low %= ADLER_PRIME;
		high %= ADLER_PRIME;
	}
	return high << 16 | low;
}

#define XXH_1 UINT64_C(0x9e3779b185ebca87)
#define XXH_2 UINT64_C(0xc2b2ae3d27d4eb4f)
#define XXH_3 UINT64_C(0x165667b19e3779f9)
#define XXH_4 UINT64_C(0x85ebca77c2b2ae63)
#define XXH_5 UINT64_C(0x27d4eb2f165667c5)

static uint64_t
xxh_rotated(uint64_t v, int by)
{
	return v << by | v >> (64 - by);
}

static uint64_t
xxh_round(uint64_t sum, uint64_t word)
{
	return xxh_rotated(sum + word * XXH_2, 31) * XXH_1;
}

// Hashes the remaining bytes, fewer than a stripe of 32.
static uint64_t
xxh_rest(uint64_t h, const uint8_t *at, size_t n)
{
	for (; n >= 8; at += 8, n -= 8) {
		h = xxh_rotated(h ^ xxh_round(0, rcgo__get64(at, false)), 27) * XXH_1 + XXH_4;
	}
	if (n >= 4) {
		h = xxh_rotated(h ^ rcgo__get32(at, false) * XXH_1, 23) * XXH_2 + XXH_3;
		at += 4;
		n -= 4;
	}
	for (; n > 0; at++, n--) {
		h = xxh_rotated(h ^ *at * XXH_5, 11) * XXH_1;
	}
	h = (h ^ h >> 33) * XXH_2;
	h = (h ^ h >> 29) * XXH_3;
	return h ^ h >> 32;
}

uint64_t
rcgo__xxh64(struct rcgo_bytes b)
{
	uint64_t lane[4] = {XXH_1 + XXH_2, XXH_2, 0, 0 - XXH_1};
	const uint8_t *at = b.at;
	size_t n = b.size;
	uint64_t h = XXH_5;

	if (n >= 32) {
		for (; n >= 32; n -= 32) {
			for (int i = 0; i < 4; i++, at += 8) {
				lane[i] = xxh_round(lane[i], rcgo__get64(at, false));
			}
		}
		h = xxh_rotated(lane[0], 1) + xxh_rotated(lane[1], 7) + xxh_rotated(lane[2], 12) +
		    xxh_rotated(lane[3], 18);
		for (int i = 0; i < 4; i++) {
			h = (h ^ xxh_round(0, lane[i])) * XXH_1 + XXH_4;
		}
	}
	return xxh_rest(h + b.size, at, n);
}
