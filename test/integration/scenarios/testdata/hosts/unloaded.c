// SPDX-License-Identifier: BSD-3-Clause
// A library that testdata/dlclose loads and unloads; INNER and OUTER are the names of its
// functions. One function has no line information: for a file with such a function, pprof looks all
// addresses up itself.

void lineless(void);

__asm__(".pushsection .text.lineless, \"ax\"\n"
	".type lineless, %function\n"
	"lineless:\n"
#if defined(__x86_64__)
	"mov $50000, %eax\n"
	"1: dec %eax\n"
	"jnz 1b\n"
#elif defined(__aarch64__)
	"mov w0, #50000\n"
	"1: subs w0, w0, #1\n"
	"b.ne 1b\n"
#endif
	"ret\n"
	".size lineless, . - lineless\n"
	".popsection\n");

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

	lineless();
	for (unsigned i = 0; i < n; i++) {
		sum += INNER(i);
	}
	return sum;
}
