// SPDX-License-Identifier: BSD-3-Clause
// demangle.h: demangles linker names of C++ (Itanium C++ ABI) and of Rust, legacy and v0.
//
// All work is bounded: there is no recursion, and the stack, the number of steps and the output
// have a fixed size. A name that is not understood or does not fit stays mangled.
// Contract: Itanium C++ ABI, chapter 5.1, in the notation of binutils; Rust RFC 2603 and rustc's
// legacy scheme.
#ifndef RCGO_DEMANGLE_H
#define RCGO_DEMANGLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"

// Demangles name into out, which has space for size bytes, and 0-terminates it. Working memory
// comes from scratch and is released on return. Returns the length, or 0 if the name stays mangled.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN size_t rcgo__demangle(
	const char *name, struct rcgo_arena *scratch, char *out, size_t size);

// Internal to the demanglers.

// The state of a demangler: the remaining input and the output.
struct rcgo_demangle {
	const char *at, *end; // the remaining input
	char *out;
	size_t size, used;
	int suppressed; // nesting count of parts that are not printed
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
	bool matches = rcgo__demangle_peek(d) == c && c != '\0';

	d->at += matches;
	return matches;
}

// Append n bytes, a string, or a decimal number to the output.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_bytes(struct rcgo_demangle *d, const char *s, size_t n);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_text(struct rcgo_demangle *d, const char *s);
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_number(struct rcgo_demangle *d, uint64_t n);

// Consumes a decimal number. Sets failed if there is no digit.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN uint64_t rcgo__demangle_decimal(struct rcgo_demangle *d);

// Demangles the v0 name in d, whose prefix _R is already consumed. Sets failed if it is not a Rust
// name.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_rust(struct rcgo_demangle *d, struct rcgo_arena *scratch);

// Demangles the C++ name in d, whose prefix _Z is already consumed. Sets failed if it is not a C++
// name.
// Safety: MT-Unsafe AS-Safe | stack=signal g=maybe-nil errno=kept alloc=no lock=none
RCGO_INTERN void rcgo__demangle_cxx(struct rcgo_demangle *d, struct rcgo_arena *scratch);

#endif // RCGO_DEMANGLE_H
