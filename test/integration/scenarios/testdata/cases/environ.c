// SPDX-License-Identifier: BSD-3-Clause
#define _GNU_SOURCE
#include "environ.h"

#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

extern char **environ;

#define THREADS_MAX 8
static pthread_t threads[THREADS_MAX];
static int started;
static atomic_int stop, wrong;
static atomic_long readings;
static char wrong_text[200];

static void
is_wrong(const char *what, const char *text)
{
	if (atomic_fetch_add(&wrong, 1) == 0) {
		snprintf(wrong_text, sizeof wrong_text, "%s: %.100s", what, text ? text : "(none)");
	}
}

// A changing value is its length, a colon, and one letter repeated.
static void
check_value(const char *v)
{
	char *end;
	long n = strtol(v, &end, 10);

	if (*end != ':' || strlen(end + 1) != (size_t)n ||
		(n > 0 && strspn(end + 1, (char[2]){end[1]}) != (size_t)n)) {
		is_wrong("a value", v);
	}
}

static void *
read_values(void *unused)
{
	(void)unused;
	while (!stop) {
		const char *kept = getenv("STRESS_KEPT"), *v;
		char name[32];

		if (kept == NULL || strcmp(kept, "kept") != 0) {
			is_wrong("what never changes", kept);
		}
		for (int i = 0; i < 8; i++) {
			snprintf(name, sizeof name, "STRESS_%d", i);
			v = getenv(name);
			if (v != NULL) {
				check_value(v);
			}
		}
		readings++;
	}
	return NULL;
}

static void *
walk(void *unused)
{
	(void)unused;
	while (!stop) {
		char **e = environ, *text;
		int kept = 0;

		while (e != NULL && (text = __atomic_load_n(e, __ATOMIC_ACQUIRE)) != NULL) {
			if (strchr(text, '=') == NULL) {
				is_wrong("no = in", text);
			}
			kept |= strcmp(text, "STRESS_KEPT=kept") == 0;
			e++;
		}
		if (!kept) {
			is_wrong("a walk without what never changes", NULL);
		}
		readings++;
	}
	return NULL;
}

static void *
read_in_libc(void *unused)
{
	(void)unused;
	while (!stop) {
		struct addrinfo *found = NULL;
		time_t now = time(NULL);
		struct tm tm;

		if (getaddrinfo("localhost", "80", NULL, &found) == 0) {
			freeaddrinfo(found);
		}
		tzset();
		if (localtime_r(&now, &tm) == NULL) {
			is_wrong("localtime_r", NULL);
		}
		readings++;
	}
	return NULL;
}

static void *
write_values(void *unused)
{
	(void)unused;
	for (int i = 0; !stop; i++) {
		char name[32];

		snprintf(name, sizeof name, "STRESS_C_%d", i % 50);
		setenv(name, "of C", 1);
		snprintf(name, sizeof name, "STRESS_C_%d", (i + 25) % 50);
		unsetenv(name);
	}
	return NULL;
}

static int
start(void *(*f)(void *))
{
	return started == THREADS_MAX || pthread_create(&threads[started++], NULL, f, NULL) != 0;
}

int
environ_readers_start(void)
{
	return start(read_values) | start(read_values) | start(walk) | start(read_in_libc);
}

int
environ_writer_start(void)
{
	return start(write_values);
}

long
environ_threads_stop(char *why, unsigned long size)
{
	stop = 1;
	while (started > 0) {
		pthread_join(threads[--started], NULL);
	}
	snprintf(why, size, "%s", wrong_text);
	return wrong ? -1 : readings;
}
