// SPDX-License-Identifier: BSD-3-Clause
// C signal handlers to measure.
#ifndef SIGNALS_H
#define SIGNALS_H

#include "paths.h"

// Installs a handler that counts. Returns 0 or an errno.
int signals_install(int sig, int flags);

// Installs one of two such handlers n times. Returns 0 or an errno.
int signals_install_each(int sig, int flags, int n);

// The number of calls of the handlers.
long signals_count(void);

#endif // SIGNALS_H
