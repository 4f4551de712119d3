// SPDX-License-Identifier: BSD-3-Clause
// Threads that wait in C, and C's view of what Go changes.
#ifndef IDS_H
#define IDS_H

// Starts n C threads that wait for ever. Returns 0 or an errno.
int ids_start_threads(int n);

// Calls getenv; NULL if there is no such variable. Returns the number of C's variables.
const char *ids_getenv(const char *name);
int ids_environ_count(void);

#endif // IDS_H
