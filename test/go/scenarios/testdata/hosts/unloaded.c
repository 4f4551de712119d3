// SPDX-License-Identifier: BSD-3-Clause
// A library that testdata/unloads loads and unloads; INNER and OUTER are its functions' names.

__attribute__((noinline)) static unsigned
INNER(unsigned n)
{
	volatile unsigned x = n;

	for (unsigned i = 0; i < 100; i++) {
		x = x * 31 + i;
	}
	return x;
}

unsigned
OUTER(unsigned n)
{
	unsigned sum = 0;

	for (unsigned i = 0; i < n; i++) {
		sum += INNER(i);
	}
	return sum;
}
