// SPDX-License-Identifier: BSD-3-Clause
// Threads of C that wait for work, and a seccomp filter.
#ifndef WORKER_H
#define WORKER_H

// Starts so many; returns 0 or an errno.
int workers_start(int n);

enum { WORKERS_OPEN, WORKERS_MKDIR, WORKERS_DIFFER = 100000 };

// Each opens path to read or makes it as a directory (and takes that back): what they got, 0 or an
// errno, or WORKERS_DIFFER.
int workers_do(int what, const char *path);

// Sets a filter that answers mkdir and mkdirat with EPERM. Returns what seccomp(2) does: 0, -1, or
// the id of a thread that could not follow.
long seccomp_without_mkdir(unsigned operation, unsigned flags);

#endif // WORKER_H
