// SPDX-License-Identifier: BSD-3-Clause
// Base: identifies the runtime/cgo that a program was built with. `rcgo version FILE` reads
// it. The text is in an ELF note, which strip keeps, and in .rodata, because Go's internal
// linker drops notes.

#include "build_identity.h"
#include "compat.h"
#include "runtime_cgo.h"

// cmd/rcgo/build_lines.c defines these. The defaults are for our own tests.
#ifndef RCGO_BUILD_VERSION
#	define RCGO_BUILD_VERSION unknown
#endif
#ifndef RCGO_BUILD_PAYLOAD
#	define RCGO_BUILD_PAYLOAD unknown
#endif
#ifndef RCGO_BUILD_GO
#	define RCGO_BUILD_GO unknown
#endif
#ifndef RCGO_BUILD_FEATURES
#	define RCGO_BUILD_FEATURES
#endif
#ifndef RCGO_BUILD_OPTIONS
#	define RCGO_BUILD_OPTIONS
#endif

// clang-format off
#define IDENTITY_WORDS(...) #__VA_ARGS__
#define IDENTITY_TEXT(...) IDENTITY_WORDS(__VA_ARGS__)
#define IDENTITY \
	RCGO_IDENTITY_NAME " version=" IDENTITY_TEXT(RCGO_BUILD_VERSION) \
	" payload=" IDENTITY_TEXT(RCGO_BUILD_PAYLOAD) \
	" go=" IDENTITY_TEXT(RCGO_BUILD_GO) \
	" features=" IDENTITY_TEXT(RCGO_BUILD_FEATURES) \
	" options=" IDENTITY_TEXT(RCGO_BUILD_OPTIONS)
// clang-format on

// Written in assembly, because a C variable in a note section would have a symbol there. Go's
// internal linker rejects symbols in sections that it drops.
__asm__("\t.pushsection .note.runtime_cgo, \"a\", %note\n"
	"\t.balign 4\n"
	"\t.long 2f - 1f, 4f - 3f, " IDENTITY_TEXT(
		RCGO_IDENTITY_NOTE) "\n"
				    "1:\t.asciz \"" RCGO_IDENTITY_NAME "\"\n"
				    "2:\t.balign 4\n"
				    "3:\t.asciz \"" IDENTITY "\"\n"
				    "4:\t.balign 4\n"
				    "\t.popsection\n");

static const char identity[] = RCGO_IDENTITY_MARK IDENTITY;

const char *
rcgo_build_info(void)
{
	return identity + sizeof RCGO_IDENTITY_MARK - 1;
}
