// SPDX-License-Identifier: BSD-3-Clause

// Loads a library, works in its function name, which is freed, for about a millisecond, and dlclose
// it. Returns where the function was, 0 when something failed.
long turn(const char *library, char *name);
