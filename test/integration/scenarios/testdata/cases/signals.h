// SPDX-License-Identifier: BSD-3-Clause
// Signals between a program's C code and Go. What returns int returns 0 or an errno.
#ifndef SIGNALS_H
#define SIGNALS_H

// What the kernel holds for a signal, as a raw rt_sigaction tells it: not through libc, which the
// code under test uses.
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

// Lets a thread of C wait in read(2), sends it sig, then writes. Stores whether the read was
// restarted, so that it never saw EINTR.
int sig_during_read(int sig, int *restarted);

// Installs a handler of C's for sig with flags, which counts; gives the count.
int sig_install(int sig, int flags);
long sig_count(void);
// Whether the handler last ran on an alternate stack, and with which signals blocked.
int sig_was_on_altstack(void);
unsigned long sig_seen_mask(void);

// Crashes.
void sig_segv(void);

// What C's handler for SIGPIPE from before Go has seen, with SIG_PIPE=mask, nodefer or once in the
// environment: how often it was called, how deep, and the last mask.
struct sig_pipes {
	long calls;
	int deepest;
	unsigned long mask;
};
struct sig_pipes sig_pipes(void);

#endif // SIGNALS_H
