// SPDX-License-Identifier: BSD-3-Clause
// A stream of signals to all threads of the process.
#ifndef RCGO_TEST_COMPAT_STRESS_H
#define RCGO_TEST_COMPAT_STRESS_H

#include <stdbool.h>

// The counters of a run.
struct stress_counts {
	long sent;    // signals of all kinds
	long handled; // SIGUSR1, sent one at a time
	long lost;    // SIGUSR1 that no handler has seen although its thread lived on
};

// Installs a handler without SA_ONSTACK for SIGUSR1 and starts a thread that sends signals until
// stress_end: SIGUSR1, SIGURG, SIGCHLD and, if prof, SIGPROF. Returns 0, or -1.
int stress_begin(bool prof);
void stress_end(void);
struct stress_counts stress_counts(void);

#endif
