// SPDX-License-Identifier: BSD-3-Clause
// A storm of signals over all threads of the process.
#ifndef RCGO_TEST_VICTIMS_STORM_H
#define RCGO_TEST_VICTIMS_STORM_H

#include <stdbool.h>

// What a storm has seen so far.
struct storm_counts {
	long sent;    // signals of all kinds
	long handled; // SIGUSR1, sent one at a time
	long lost;    // SIGUSR1 that no handler has seen though its thread lived on
};

// Installs a handler without SA_ONSTACK for SIGUSR1 and starts a thread that sends signals until
// storm_end: SIGUSR1, SIGURG, SIGCHLD and, if prof, SIGPROF. Returns 0, or -1.
int storm_begin(bool prof);
void storm_end(void);
struct storm_counts storm_counts(void);

#endif
