// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_PYTHON_H
#define RCGO_TEST_COMPAT_PYTHON_H

// Starts Python on this thread and runs a program that defines round_of_work. Returns 0, or -1.
int python_start(const char *program);

// Calls round_of_work, on the same thread. Returns 0, or -1 if it raised an exception.
int python_round(void);

#endif
