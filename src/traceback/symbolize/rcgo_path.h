// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: paths, put together in an arena.
#ifndef RCGO_PATH_H
#define RCGO_PATH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "rcgo_arena.h"
#include "rcgo_bytes.h"

// A path under construction. at has room for PATH_MAX bytes and ends with a 0; what does not fit
// makes it too long for good.
struct rcgo_path {
	char *at; // NULL when the arena was full
	size_t size;
	bool too_long;
};

// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_path rcgo__path_start(struct rcgo_arena *arena);

// Appends n bytes, or a string.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_bytes(struct rcgo_path *path, const char *s, size_t n);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_add(struct rcgo_path *path, const char *s);
// Appends bytes as hexadecimal digits.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_hex(struct rcgo_path *path, struct rcgo_bytes b);
// Takes back to this size.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__path_cut(struct rcgo_path *path, size_t size);

// The whole path, or NULL when it is too long.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_done(const struct rcgo_path *path);

// How long the directory part of path is, its last slash included; 0 when it has none.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__path_directory(const char *path);

// The path of the file that path leads to, without symbolic links; path itself when the system does
// not tell.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_real(struct rcgo_arena *arena, const char *path);

// The environment that this process was started with, for code that may not call getenv, which
// another thread's setenv can pull the ground from under. Strings, each with a 0 behind it, in the
// arena; of a very long one the beginning.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN struct rcgo_bytes rcgo__path_environment(struct rcgo_arena *arena);

// The value of a variable in it, or NULL when it is not there or empty.
// Safety: MT-Safe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__path_variable(struct rcgo_bytes environment, const char *name);

#endif // RCGO_PATH_H
