// SPDX-License-Identifier: BSD-3-Clause
// Base: the options of RCGO=name=value,name=value in the environment. They are read once, while Go
// starts. A value in RCGO overrides one of `rcgo build --with=`, which overrides the default. The
// item "stock" gives every option the value that makes the program behave as with the stock
// runtime/cgo; later items override it. The table in options.c lists every option.
#ifndef RCGO_OPTIONS_H
#define RCGO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// Added to the flags of each of our mappings: RCGO_MAP_OWN in a program that `rcgo heap run`
// started, else 0, because a sandbox may allow only certain flags.
extern RCGO_HIDDEN int rcgo__map_flags;

// Reads RCGO. Ignores unknown names and values, and reports them in one line on standard error,
// with the list of known ones. Ignores RCGO in a program with raised privileges.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=libc
RCGO_INTERN RCGO_COLD void rcgo__options_init(void);

// Calls rcgo__options_init at the first call. In a library, the first call is made by the thread
// that loads it.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=libc
RCGO_INTERN RCGO_COLD void rcgo__options_init_once(void);

// Returns whether the option has this value. name must be in the table. Before rcgo__options_init,
// every option has its default.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__option_is(const char *name, const char *value);

// Returns the size in bytes to which the option was set, or fallback if it was not set. The
// option's values must be sizes, such as 64K, 8M or 1G.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED uint64_t rcgo__option_size(const char *name, uint64_t fallback);

// The text before a path or descriptor of the option crash that makes it a file of JSON.
#define RCGO_JSON_PREFIX "json:"
#define RCGO_JSON_ALL_PREFIX "all:" // follows it

// Returns the path, or "fd:" and a number, to which the option was set, with RCGO_JSON_PREFIX
// before it if that was given; NULL if it was not set.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__option_text(const char *name);

// Returns the path in the value of the option dump; NULL if it has none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const char *rcgo__option_signal_file(void);

// Returns the value of the option heap; NULL in a program without heap profiling.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED const char *rcgo__option_heap(void);

// Returns the options that were compiled in, in the syntax of RCGO; "" if none.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__build_options(void);

#endif // RCGO_OPTIONS_H
