// SPDX-License-Identifier: BSD-3-Clause
// Signal Handling: signal sets, in the layout of this system.

#include "sigset_cases.h"

UNIT_MAIN(SIGSET_CASES)
