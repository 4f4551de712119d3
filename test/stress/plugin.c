// SPDX-License-Identifier: BSD-3-Clause
// Stress: a library in two variants that differ in the size of a frame. If it is mapped where the
// other variant was, an unwinder that still uses the old cache entries fails.

#include <stdlib.h>
#include <string.h>

extern int plugin_deep(int n, int (*work)(int));
extern int plugin_calls(const char *text);

int
plugin_deep(int n, int (*work)(int))
{
	char room[PLUGIN_ROOM];
	int r;

	__asm__("" : : "r"(room) : "memory");
	r = n == 0 ? work(3) : plugin_deep(n - 1, work);
	__asm__("" : "+r"(r) : "r"(room) : "memory");
	return r + 1;
}

// Calls that go through the resolver of lazy symbols the first time.
int
plugin_calls(const char *text)
{
	return atoi(text) + (strpbrk(text, "0123456789") != NULL) + (int)strtol(text, NULL, 16);
}
