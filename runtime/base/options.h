// SPDX-License-Identifier: BSD-3-Clause
// Base: what the user chose with RCGO=name=value,name=value in the environment. It is read once,
// as Go starts; what `rcgo build --with=` compiled in counts before it, and the table in
// options_linux.c, which lists every name, before that.
#ifndef RCGO_OPTIONS_H
#define RCGO_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "compat.h"

// Reads RCGO. Names and values that nobody knows are left out and listed in one line on standard
// error, beside the known ones. In a program with raised privileges RCGO does not count.
// Safety: MT-Unsafe AS-Unsafe | stack=os g=nil errno=kept alloc=no lock=libc
RCGO_INTERN RCGO_COLD void rcgo__options_init(void);

// Whether option name, which the table has, has this value; before rcgo__options_init, whether
// that is its default.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_SHARED bool rcgo__option_is(const char *name, const char *value);

// The bytes that option name, whose values are sizes such as 64K, 8M or 1G, was set to; fallback
// when it was not set.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__option_size(const char *name, uint64_t fallback);

// The file, or "fd:" and a number, that option name was set to; NULL when it was not.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__option_text(const char *name);

// What the build was given, in the words of RCGO; "" when nothing.
// Safety: MT-Safe AS-Safe | stack=any g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN const char *rcgo__build_options(void);

#endif // RCGO_OPTIONS_H
