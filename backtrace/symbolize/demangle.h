// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: demangling: a linker's name as the source has it: Rust's, legacy and v0.
//
// Everything is bounded: there is no recursion, and the stack, the steps and the output have a
// fixed size. A name that is not understood or does not fit stays as it is.
// Contract: Rust RFC 2603 and rustc's legacy scheme.
#ifndef RCGO_DEMANGLE_H
#define RCGO_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

// Demangles name into out, which has room for size bytes, and ends it by a 0. Working memory comes
// from scratch and is given back. Returns the length, or 0 when the name stays as it is.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__demangle(
	const char *name, struct rcgo_arena *scratch, char *out, size_t size);

// For the files of the demanglers alone.

// The name at hand, and the text that is made of it.
struct rcgo_demangle {
	const char *at, *end; // in the name
	char *out;
	size_t size, used;
	int quiet; // counts who wants nothing printed
	bool failed;
};

static inline RCGO_UNUSED char
rcgo__demangle_peek(const struct rcgo_demangle *d)
{
	return d->at < d->end ? *d->at : '\0';
}

static inline RCGO_UNUSED bool
rcgo__demangle_take(struct rcgo_demangle *d, char c)
{
	bool here = rcgo__demangle_peek(d) == c && c != '\0';

	d->at += here;
	return here;
}

// Appends n bytes.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_bytes(struct rcgo_demangle *d, const char *s, size_t n);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_text(struct rcgo_demangle *d, const char *s);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_number(struct rcgo_demangle *d, uint64_t n);

// Takes a decimal number, of which there must be a digit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__demangle_decimal(struct rcgo_demangle *d);

// Demangles what stands in d behind _R, and sets failed when that is no name of Rust.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_rust(struct rcgo_demangle *d, struct rcgo_arena *scratch);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none

#endif // RCGO_DEMANGLE_H
