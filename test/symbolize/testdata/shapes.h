// Functions that are inlined from a header, with callers of their own.
#ifndef SHAPES_H
#define SHAPES_H

#ifdef __cplusplus
extern "C" {
#endif
extern int sink;
int more_work(int n);
int cold_path(int n);
int dispatch(int op, int n);
int plus_entry(int n);
#ifdef __cplusplus
}
#endif

static inline int
clamp(int n)
{
	if (n > 1000) {
		n -= 997;
	}
	return n < 0 ? -n : n;
}

static inline int
mix(int a, int b)
{
	int n = clamp(a) * 31;

	n ^= clamp(b) << 3;
	sink += n;
	return n;
}

#endif
