// A second unit that shares inlined functions of the header with the first.
#include "shapes.h"

typedef int (*step)(int);

static int
step_up(int n)
{
	return mix(n, 1);
}

static int
step_down(int n)
{
	return n > 3 ? mix(n, -1) : clamp(n);
}

static const step steps[] = {step_up, step_down};

static int
recurse(int n)
{
	return n <= 0 ? 1 : n + recurse(n - mix(n, 2) % 3 - 1);
}

int
more_work(int n)
{
	int sum = 0;

	for (unsigned i = 0; i < 10; i++) {
		sum += steps[(i + (unsigned)n) % 2](n);
	}
	return sum + recurse(n & 15);
}

int
dropped_by_the_linker(int n)
{
	int sum = n;

	for (int i = 0; i < n; i++) {
		sum += mix(sum, i) + more_work(clamp(i));
	}
	return sum;
}
