// SPDX-License-Identifier: BSD-3-Clause
#ifndef MATRIX_H
#define MATRIX_H

// Has the library's handlers installed: how is linked, raw, dlopen or deepbind. 0, or 1.
int matrix_install(const char *how, const char *library);

// Sends SIGPROF to all threads until the handler has run n times, or for two seconds; the count.
long matrix_storm(long n);

#endif
