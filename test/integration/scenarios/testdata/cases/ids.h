// SPDX-License-Identifier: BSD-3-Clause
// Threads that wait in C, and C's own view of what Go changes.
#ifndef IDS_H
#define IDS_H

// Starts n threads of C that wait for ever. Returns 0 or an errno.
int ids_start_threads(int n);

// getenv; NULL when there is none. And how many variables C has at all.
const char *ids_getenv(const char *name);
int ids_environ_count(void);

#endif // IDS_H
