// SPDX-License-Identifier: BSD-3-Clause
// Handlers of C, to be measured.
#ifndef SIGNALS_H
#define SIGNALS_H

#include "paths.h"

// Installs a handler that counts. Returns 0 or an errno.
int signals_install(int sig, int flags);

// Installs one of two such handlers n times. Returns 0 or an errno.
int signals_install_each(int sig, int flags, int n);

// How often they were called.
long signals_count(void);

#endif // SIGNALS_H
