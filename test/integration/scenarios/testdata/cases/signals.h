// SPDX-License-Identifier: BSD-3-Clause
// Signals between a program's C code and Go. Functions of type int return 0 or an errno.
#ifndef SIGNALS_H
#define SIGNALS_H

// The kernel's action for a signal, read by a raw rt_sigaction without libc, which the code under
// test uses.
struct sig_action {
	unsigned long handler; // 0: default, 1: ignored
	unsigned long flags;
	unsigned long restorer;
	unsigned long mask;
};
int sig_get(int sig, struct sig_action *action);

// Sends sig to the calling thread, or to a new thread that waits in C.
int sig_raise(int sig);
int sig_to_thread(int sig);

// Makes a C thread wait in read(2), sends it sig, then writes. Stores whether the read was
// restarted, that is, never returned EINTR.
int sig_during_read(int sig, int *restarted);

// Installs a counting C handler for sig with flags; returns the number of its calls.
int sig_install(int sig, int flags);
long sig_count(void);
// Whether the handler last ran on an alternate stack, and with which signals blocked.
int sig_was_on_altstack(void);
unsigned long sig_seen_mask(void);

// Crashes.
void sig_segv(void);

// What C's handler for SIGPIPE from before Go has seen, with SIG_PIPE=mask, nodefer or once in the
// environment: how often it was called, how deeply nested, and the last mask.
struct sig_pipes {
	long calls;
	int deepest;
	unsigned long mask;
};
struct sig_pipes sig_pipes(void);

#endif // SIGNALS_H
