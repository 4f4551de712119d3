// SPDX-License-Identifier: BSD-3-Clause
// A storm of signals over all threads of the process.
#ifndef RCGO_TEST_VICTIMS_STORM_H
#define RCGO_TEST_VICTIMS_STORM_H

// What a storm has seen so far.
struct storm_counts {
	long sent;    // signals of all kinds
	long handled; // SIGUSR1, sent one at a time
	long lost;    // SIGUSR1 that no handler has seen though its thread lived on
};

// Installs a handler without SA_ONSTACK for SIGUSR1 and starts a thread that sends signals until
// storm_end. Returns 0, or -1.
int storm_begin(void);
void storm_end(void);
struct storm_counts storm_counts(void);

#endif
