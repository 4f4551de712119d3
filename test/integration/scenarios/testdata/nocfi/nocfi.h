// SPDX-License-Identifier: BSD-3-Clause
#ifndef NOCFI_H
#define NOCFI_H

// Runs one case, which ends in a crash.
void run_case(const char *name);

#endif // NOCFI_H
