// SPDX-License-Identifier: BSD-3-Clause

// Loads a library, runs its function name for about a millisecond, and unloads it. name is freed.
// Returns the address of the function, or 0 on failure.
long turn(const char *library, char *name);
