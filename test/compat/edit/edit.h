// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_EDIT_H
#define RCGO_TEST_COMPAT_EDIT_H

// Gives libedit a terminal of its own. Returns 0, or -1.
int edit_start(void);

// Has a line typed and edited while the window changes its size; -1 when libedit reads another one.
int edit_line(void);

#endif
