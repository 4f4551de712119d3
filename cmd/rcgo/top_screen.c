// SPDX-License-Identifier: BSD-3-Clause
// rcgo top: the terminal: its size, its keys, and the restoration of its state.
#include "top.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

static struct termios users;	      // the state of the terminal before
static volatile sig_atomic_t ended;   // the signal that ends the command
static volatile sig_atomic_t changed; // the terminal has another size, or the command runs again
static sigset_t before;		      // the signals that were blocked before

static void
on_end(int sig)
{
	ended = sig;
}

static void
on_change(int sig)
{
	(void)sig;
	changed = 1;
}

// Keys are read one by one and are not echoed; keys that send signals still do.
static void
read_keys(void)
{
	struct termios t = users;

	t.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	t.c_cc[VMIN] = 1;
	t.c_cc[VTIME] = 0;
	tcsetattr(0, TCSANOW, &t);
}

static unsigned
size_or(unsigned size, const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);
	long n = text == NULL ? 0 : strtol(text, NULL, 10);

	return size > 0 ? size : n > 0 && n < 10000 ? (unsigned)n : otherwise;
}

void
top_screen_measure(struct top_view *v)
{
	struct winsize w = {0};

	(void)ioctl(1, TIOCGWINSZ, &w);
	v->rows = size_or(w.ws_row, "LINES", 24);
	v->columns = size_or(w.ws_col, "COLUMNS", 80);
	// A smaller terminal has no line for a thread between the summary and the last line.
	v->rows = v->rows < 4 ? 4 : v->rows;
}

// Catches a signal, which then arrives only while the command waits.
static void catch (int sig, void (*handler)(int), sigset_t *caught)
{
	struct sigaction action = {.sa_handler = handler}, was;

	if (sigaction(sig, NULL, &was) == 0 && was.sa_handler != SIG_IGN) {
		sigaddset(caught, sig);
		sigaction(sig, &action, NULL);
	}
}

void
top_screen_open(struct top_view *v)
{
	static const int ends[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	sigset_t caught;

	sigemptyset(&caught);
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
		catch (ends[i], on_end, &caught);
	}
	catch (SIGWINCH, on_change, &caught);
	catch (SIGCONT, on_change, &caught);
	sigprocmask(SIG_BLOCK, &caught, &before);
	// A background process must not change the terminal.
	v->keys = tcgetattr(0, &users) == 0 && tcgetpgrp(0) == getpgrp();
	if (v->keys) {
		read_keys();
	}
	setvbuf(stdout, NULL, _IOFBF, BUFSIZ * 8); // an update is written at once
	// Hides the cursor and clears the screen.
	fputs("\033[?25l\033[H\033[J", stdout);
}

// Restores the terminal. If a signal ended the command, raises the signal again to end the process.
void
top_screen_close(const struct top_view *v)
{
	fputs("\033[?25h\r\n", stdout);
	fflush(stdout);
	if (v->keys) {
		tcsetattr(0, TCSANOW, &users);
	}
	if (ended != 0) {
		signal(ended, SIG_DFL);
		raise(ended);
	}
	sigprocmask(SIG_SETMASK, &before, NULL);
}

// Executes the command of a key. Keys without a character send more than one byte.
static bool
take_key(struct top_view *v, const char *key)
{
	size_t page = v->rows > 8 ? v->rows - 8 : 1;

	if (strcmp(key, "q") == 0 || strcmp(key, "Q") == 0) {
		v->quit = true;
	} else if (strcmp(key, "s") == 0 || strcmp(key, "\033[C") == 0) {
		v->sort = (v->sort + 1) % TOP_SORTS;
	} else if (strcmp(key, "S") == 0 || strcmp(key, "\033[D") == 0) {
		v->sort = (v->sort + TOP_SORTS - 1) % TOP_SORTS;
	} else if (strcmp(key, "r") == 0) {
		v->reverse = !v->reverse;
	} else if (strcmp(key, "\033[A") == 0 || strcmp(key, "k") == 0) {
		v->first -= v->first > 0;
	} else if (strcmp(key, "\033[B") == 0 || strcmp(key, "j") == 0) {
		v->first++;
	} else if (strcmp(key, "\033[5~") == 0) {
		v->first -= v->first < page ? v->first : page;
	} else if (strcmp(key, "\033[6~") == 0 || strcmp(key, " ") == 0) {
		v->first += page;
	} else if (strcmp(key, "\033[H") == 0 || strcmp(key, "\033[1~") == 0) {
		v->first = 0;
	} else {
		return false;
	}
	return true;
}

// Splits the input into keys. Returns whether one of them is a command.
static bool
take_keys(struct top_view *v, const char *text, size_t n)
{
	bool known = false;

	for (size_t i = 0; i < n;) {
		char key[8] = {text[i++]};
		size_t k = 1;

		// ESC [ and parameters, until a letter or ~; or ESC O and a letter.
		if (key[0] == '\033' && i < n && (text[i] == '[' || text[i] == 'O')) {
			key[k++] = '[';
			i++;
			while (i < n && k < sizeof key - 1) {
				key[k++] = text[i++];
				if (key[k - 1] >= '@') {
					break;
				}
			}
		}
		known |= take_key(v, key);
	}
	return known;
}

// Reads keys. Returns whether the screen has to be drawn again.
static bool
read_some(struct top_view *v)
{
	char text[64];
	ssize_t n = read(0, text, sizeof text);

	if (n <= 0) {
		v->keys = false;
		v->quit = n == 0 || errno == EIO; // the terminal is gone
		return v->quit;
	}
	return take_keys(v, text, (size_t)n);
}

// Waits for the time of the next update. Returns true earlier when the screen has to be drawn
// again: after a key, or when the terminal changed. Sets v->quit when the command has to end.
bool
top_screen_wait(struct top_view *v, double until)
{
	for (;;) {
		struct pollfd p = {.fd = v->keys ? 0 : -1, .events = POLLIN};
		double left = until - top_now();

		if (ended != 0) {
			v->quit = true;
			return true;
		}
		if (changed) {
			changed = 0;
			if (v->keys) {
				read_keys();
			}
			return true;
		}
		if (left <= 0) {
			return false;
		}
		struct timespec t = {(time_t)left, (long)((left - (double)(time_t)left) * 1e9)};

		if (ppoll(&p, 1, &t, &before) > 0 && read_some(v)) {
			return true;
		}
	}
}
