// SPDX-License-Identifier: BSD-3-Clause
// Stress: loads and unloads two libraries alternately, which are mapped at the same address, and
// runs code in them.
// usage: churn SECONDS

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin.h"

static int
work(int n)
{
	unsigned h = (unsigned)n;
	char text[32];

	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "%u", h);
		h = h * 31 + (unsigned)strlen(text);
	}
	return (int)(h & 1);
}

static time_t end;

// Each thread has its own libraries, so that one thread unloads while the other runs.
static void *
turn(void *arg)
{
	unsigned replaced = 0;
	void *before = NULL;

	for (unsigned i = 0; time(NULL) < end; i++) {
		char name[8];
		int (*deep)(int, int (*)(int));
		void *library;

		snprintf(name, sizeof name, "%s%u", (const char *)arg, i % 2);
		library = plugin_open(name);
		*(void **)&deep = dlsym(library, "plugin_deep");
		replaced += *(void **)&deep == before;
		before = *(void **)&deep;
		for (int k = 0; k < 20; k++) {
			deep(10, work);
		}
		dlclose(library);
	}
	if (replaced == 0) {
		fprintf(stderr, "no library was ever mapped where the other had been\n");
		exit(1);
	}
	return NULL;
}

int
main(int argc, char **argv)
{
	static char b[] = "b", a[] = "a";
	pthread_t other;

	end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 2);
	if (pthread_create(&other, NULL, turn, b) != 0) {
		return 1;
	}
	turn(a);
	pthread_join(other, NULL);
	return 0;
}
