// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_WEBKIT_H
#define RCGO_TEST_COMPAT_WEBKIT_H

// Opens a window, and starts threads that run JavaScript in one heap. Returns 0, or -1.
int webkit_start(void);

// Loads a page and makes each thread build and check a list; both call Go. Returns 0, or -1.
int webkit_round(void);

#endif
