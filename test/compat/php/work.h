// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_PHP_H
#define RCGO_TEST_COMPAT_PHP_H

// Starts PHP on this thread and runs a program that defines round_of_work. Returns 0, or -1.
int work_start(char *program);

// Calls round_of_work, on the same thread. Returns 0 if that returns true.
int work_round(void);

#endif
