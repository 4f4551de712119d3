// SPDX-License-Identifier: BSD-3-Clause
#ifndef CASES_CRASHES_H
#define CASES_CRASHES_H

// So many threads of C fault at the same time; returns when they have begun, if wait is 0.
void crashes_start(int threads, int wait);

void crashes_fault(void);

#endif // CASES_CRASHES_H
