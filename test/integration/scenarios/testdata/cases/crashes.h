// SPDX-License-Identifier: BSD-3-Clause
#ifndef CASES_CRASHES_H
#define CASES_CRASHES_H

// Makes n C threads fault at the same time. If wait is 0, it returns when they have begun.
void crashes_start(int threads, int wait);

void crashes_fault(void);

#endif // CASES_CRASHES_H
