// SPDX-License-Identifier: BSD-3-Clause
#ifndef RCGO_TEST_COMPAT_EDIT_H
#define RCGO_TEST_COMPAT_EDIT_H

// Gives libedit a terminal of its own. Returns 0, or -1.
int edit_start(void);

// Types and edits a line while the window changes its size; -1 if libedit reads another line.
int edit_line(void);

#endif
