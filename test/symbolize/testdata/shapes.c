// A program with many kinds of functions: it is compiled in many ways, and never run.
#include "shapes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int sink;

struct pair {
	int first, second;
	union {
		long number;
		char text[8];
	} u;
};

static __attribute__((noinline)) int
never_called_in_line(struct pair *pair)
{
	int sum = 0;

	for (int i = 0; i < pair->first; i++) {
		sum += mix(i, pair->second);
		if (sum > 100000) {
			sum = clamp(sum - 99999);
		}
	}
	return sum;
}

static int
split_in_parts(const char *s)
{
	int n = 0;

	if (s == NULL) {
		return -1;
	}
	while (*s != 0) {
		n = mix(n, *s++);
		if (__builtin_expect(n == 12345678, 0)) {
			fprintf(stderr, "rare: %d %s\n", n, s);
			n = cold_path(n);
		}
	}
	return n;
}

__attribute__((cold, noinline)) int
cold_path(int n)
{
	char text[64];

	snprintf(text, sizeof text, "%d", n);
	return (int)strlen(text) + mix(n, 7);
}

static inline int
three(int n)
{
	return mix(n, n + 1) + mix(n + 2, n);
}

static inline int
two(int n)
{
	return three(n) + three(n * 2);
}

static inline int
one(int n)
{
	return two(n) - two(n / 3);
}

int
dispatch(int op, int n)
{
	switch (op) {
	case 0:
		return one(n);
	case 1:
		return two(n) ^ sink;
	case 2:
		return three(n) * more_work(n);
	case 3: {
		struct pair pair = {n, op, {0}};

		return never_called_in_line(&pair);
	}
	case 4:
		return split_in_parts("four") + split_in_parts(getenv("HOME"));
	case 5:
		return plus_entry(n);
	default:
		return cold_path(op);
	}
}

int
not_referenced_at_all(int n)
{
	return one(n) + dispatch(n, 2);
}

static int
compare(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;

	return clamp(x->first) - clamp(y->first);
}

int
main(int argc, char **argv)
{
	struct pair pairs[16];

	for (int i = 0; i < 16; i++) {
		pairs[i].first = dispatch(i % 7, argc + i);
		pairs[i].second = mix(i, argc);
	}
	qsort(pairs, 16, sizeof pairs[0], compare);
	printf("%d %s\n", pairs[argc % 16].first, argv[0]);
	return sink == 0;
}
