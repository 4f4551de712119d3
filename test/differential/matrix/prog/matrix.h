// SPDX-License-Identifier: BSD-3-Clause
#ifndef MATRIX_H
#define MATRIX_H

// Makes the library install its handlers: how is linked, raw, dlopen or deepbind. Returns 0, or 1.
int matrix_install(const char *how, const char *library);

// Sends SIGPROF to all threads until the handler has run n times, or for two seconds; returns the
// count.
long matrix_stress(long n);

#endif
