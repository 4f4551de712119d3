// SPDX-License-Identifier: BSD-3-Clause
// Libedit installs handlers for seven signals while it reads a line. Its handler for SIGWINCH
// redraws the line, restores the previous handler, and sends the signal to itself again.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include "edit.h"

#include <histedit.h>
#include <pthread.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static int master;
static EditLine *el;
static FILE *in, *out;

// A terminal whose output is not read blocks its writer.
static void *
drain(void *unused)
{
	char some[4096];

	while (read(master, some, sizeof some) > 0) {
	}
	return unused;
}

static char *
no_prompt(EditLine *e)
{
	(void)e;
	return (char *)"> ";
}

int
edit_start(void)
{
	struct winsize size = {.ws_row = 24, .ws_col = 80};
	pthread_t thread;
	int slave;

	setsid(); // libedit signals its process group
	setenv("TERM", "vt100", 1);
	if (openpty(&master, &slave, NULL, NULL, &size) != 0) {
		return -1;
	}
	in = fdopen(slave, "r");
	out = fdopen(dup(slave), "w");
	el = el_init("work", in, out, out);
	if (el == NULL || pthread_create(&thread, NULL, drain, NULL) != 0) {
		return -1;
	}
	el_set(el, EL_PROMPT, no_prompt);
	el_set(el, EL_EDITOR, "emacs");
	el_set(el, EL_SIGNAL, 1);
	return 0;
}

static void
rest(void)
{
	struct timespec t = {.tv_nsec = 200 * 1000};

	nanosleep(&t, NULL);
}

// Types "bc", goes back to the beginning, types "a"; in between the window changes its size. This
// happens once for each line, and first on the thread that reads: libedit does not lock, so it
// cannot handle two changes at a time, or one while it starts. The signal that its handler sends
// goes to any thread.
static void *
type_line(void *reader)
{
	static const char keys[] = "bc\001a\n";

	for (const char *key = keys; *key != '\0'; key++) {
		rest();
		if (write(master, key, 1) != 1) {
			return NULL;
		}
		if (*key == 'c') {
			pthread_kill(*(pthread_t *)reader, SIGWINCH);
		}
	}
	return NULL;
}

int
edit_line(void)
{
	pthread_t thread, self = pthread_self();
	const char *line;
	int n = 0;

	if (pthread_create(&thread, NULL, type_line, &self) != 0) {
		return -1;
	}
	line = el_gets(el, &n);
	pthread_join(thread, NULL);
	return line != NULL && n == 4 && memcmp(line, "abc\n", 4) == 0 ? 0 : -1;
}
