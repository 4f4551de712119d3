// SPDX-License-Identifier: BSD-3-Clause
// C threads that wait for work, and a seccomp filter.
#ifndef WORKER_H
#define WORKER_H

// Starts this many threads. Returns 0 or an errno.
int workers_start(int n);

enum { WORKERS_OPEN, WORKERS_MKDIR, WORKERS_DIFFER = 100000 };

// Makes each thread open path for reading, or create and remove it as a directory. Returns their
// common result, 0 or an errno, or WORKERS_DIFFER.
int workers_do(int what, const char *path);

// Installs a filter by which mkdir and mkdirat fail with EPERM. Returns the result of seccomp(2):
// 0, -1, or the id of a thread that could not be synchronized.
long seccomp_without_mkdir(unsigned operation, unsigned flags);

#endif // WORKER_H
