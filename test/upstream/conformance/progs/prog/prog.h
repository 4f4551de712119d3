// SPDX-License-Identifier: BSD-3-Clause
// The C side of package prog.
#ifndef PROG_H
#define PROG_H

#include <stdint.h>

int prog_add(int a, int b);
int prog_descend(int depth);
void prog_panic(void);
int prog_threads(int n, int rounds, int altstack);
int prog_signal_self(int sig);
uint64_t prog_spin(int milliseconds);
int prog_same_gid(int gid);
int prog_blocked(void);

#endif
