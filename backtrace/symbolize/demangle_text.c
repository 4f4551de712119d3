// SPDX-License-Identifier: BSD-3-Clause
// What all demanglers read and write: numbers of the input, text of the output. Runs on any stack,
// also in signal handlers.

#include <string.h>

#include "demangle.h"

void
rcgo__demangle_bytes(struct rcgo_demangle *d, const char *s, size_t n)
{
	if (d->suppressed > 0 || d->failed) {
		return;
	}
	if (n >= d->size - d->used) {
		d->failed = true;
		return;
	}
	memcpy(d->out + d->used, s, n);
	d->used += n;
}

void
rcgo__demangle_text(struct rcgo_demangle *d, const char *s)
{
	rcgo__demangle_bytes(d, s, strlen(s));
}

void
rcgo__demangle_number(struct rcgo_demangle *d, uint64_t n)
{
	char digits[20];
	size_t at = sizeof digits;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n != 0);
	rcgo__demangle_bytes(d, digits + at, sizeof digits - at);
}

uint64_t
rcgo__demangle_decimal(struct rcgo_demangle *d)
{
	uint64_t n = 0;
	const char *from = d->at;

	if (rcgo__demangle_take(d, '0')) {
		return 0; // a number has no other leading zero: 012 is 0, then 12
	}
	while (d->at < d->end && *d->at >= '0' && *d->at <= '9' && n < UINT64_MAX / 16) {
		n = n * 10 + (uint64_t)(*d->at++ - '0');
	}
	d->failed |= d->at == from;
	return n;
}
