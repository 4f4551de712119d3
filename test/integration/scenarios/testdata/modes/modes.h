// SPDX-License-Identifier: BSD-3-Clause
#ifndef MODES_H
#define MODES_H

#include <stdlib.h>

// Calls Go.
int modes_back(int n);

// Runs n C threads, each of which calls Go calls times. Returns 0 or an errno.
int modes_threads(int n, int calls);

// Raises sig on this thread. Returns 0 or an errno.
int modes_raise(int sig);

#endif // MODES_H
