// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: demangling, beside binutils' demangler.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "demangle.h"
#include "unit.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

static const char *
demangled(const char *name)
{
	static char out[4096];

	if (arena.at == NULL) {
		CHECK_INT(rcgo__arena_init(&arena, 1 << 20), 0);
	}
	if (rcgo__demangle(name, &arena, out, sizeof out) == 0) {
		return name;
	}
	CHECK_INT(arena.used, 0);
	return out;
}

TEST(rust_legacy)
{
	CHECK_STR(demangled("_ZN3foo3bar17h05af221e174051e9E"), "foo::bar");
	CHECK_STR(demangled("_ZN4core3fmt9Formatter3pad17h0123456789abcdefE.llvm.123"),
		"core::fmt::Formatter::pad");
	CHECK_STR(demangled("_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$4drop"
			    "17h0123456789abcdefE"),
		"<alloc::vec::Vec<T> as core::ops::Drop>::drop");
	CHECK_STR(demangled("_ZN3foo22_$u7b$$u7b$a$u7d$$u7d$17h0123456789abcdefE"), "foo::{{a}}");
}

TEST(rust_v0)
{
	CHECK_STR(demangled("_RNvC7mycrate3foo"), "mycrate::foo");
	CHECK_STR(demangled("_RNvCs1234_7mycrate3foo"), "mycrate::foo");
	CHECK_STR(demangled("_RNCNvC7mycrate3foo0B3_"), "mycrate::foo::{closure#0}");
	CHECK_STR(demangled("_RNCNvC7mycrate3foos_0"), "mycrate::foo::{closure#1}");
	CHECK_STR(demangled("_RNvMCs4fqI2P2rA04_3fooNtB2_3Bar3baz"), "<foo::Bar>::baz");
	CHECK_STR(demangled("_RNvXCs4fqI2P2rA04_3fooNtB2_3BarNtB2_5Trait3baz"),
		"<foo::Bar as foo::Trait>::baz");
	CHECK_STR(demangled("_RINvC1a1fTmlEShRNtC3std6StringjB2_E"),
		"a::f::<(u32, i32), [u8], &std::String, usize, a>");
	CHECK_STR(demangled("_RINvC1a1fFUKCmEuDNtC1b1TEL_Amj4_E"),
		"a::f::<unsafe extern \"C\" fn(u32), dyn b::T, [u32; 4]>");
	CHECK_STR(
		demangled("_RINvC1a1fDINtC1b1TmEp4ItemhEL_E"), "a::f::<dyn b::T<u32, Item = u8>>");
}

TEST(what_is_no_mangled_name_stays)
{
	static const char *const names[] = {"main", "_", "_R", "_Z", "_ZN", "_RNv",
		"_RNvC7mycrate3f", "_RB_", "_RNvB_3foo", "_ZN3foo3bar17h05af221e174051",
		"_R0NvC1a1b", "_RNvC1a1b!"};

	for (size_t i = 0; i < UNIT_COUNTOF(names); i++) {
		CHECK_STR(demangled(names[i]), names[i]);
	}
}

// In less room nothing is written beyond, and the name stays.
TEST(little_room)
{
	static const char name[] = "_RNvXCs4fqI2P2rA04_3fooNtB2_3BarNtB2_5Trait3baz";
	size_t full = strlen(demangled(name));

	for (size_t size = 0; size < full + 3; size++) {
		char *out = malloc(size);
		size_t n = rcgo__demangle(name, &arena, out, size);

		CHECK_INT(n, size > full ? full : 0);
		free(out);
	}
}

// Names that are broken anywhere end, and stay within bounds.
TEST(survives_damage)
{
	static const char *const names[] = {"_RINvC1a1fFUKCmEuDNtC1b1TEL_Amj4_E",
		"_RNvXCs4fqI2P2rA04_3fooNtB2_3BarNtB2_5Trait3baz",
		"_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$4drop"
		"17h0123456789abcdefE"};

	for (unsigned i = 0; i < 200000; i++) {
		char name[256];
		size_t n;

		snprintf(name, sizeof name, "%s", names[i % UNIT_COUNTOF(names)]);
		n = strlen(name);
		for (unsigned k = 0; k < 1 + i % 4; k++) {
			name[2 + unit_random() % (n - 2)] =
				names[i % UNIT_COUNTOF(names)][unit_random() % n];
		}
		demangled(name);
	}
}

UNIT_MAIN(UNIT_TEST(rust_legacy), UNIT_TEST(rust_v0), UNIT_TEST(what_is_no_mangled_name_stays),
	UNIT_TEST(little_room), UNIT_TEST(survives_damage))
