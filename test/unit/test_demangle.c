// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: demangling, compared with binutils' demangler.

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
	static char out[16384];

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
	// The hash of a crate has 64 bits.
	CHECK_STR(demangled("_RNvCslYGhA16ahyf_1a1f"), "a::f");
	CHECK_STR(demangled("_RNvCslYGhA16ahyg_1a1f"), "_RNvCslYGhA16ahyg_1a1f");
	// An empty identifier before a length.
	CHECK_STR(demangled("_RNCNCNvC1a1f00"), "a::f::{closure#0}::{closure#0}");
	CHECK_STR(demangled("_RNvNCNvC1a1fs1_012CodegenState"), "a::f::{closure#3}::CodegenState");
	// A binding's type has an argument list of its own.
	CHECK_STR(demangled("_RINvC1a1fDINtC1b1TDNtC1b1Up3KeymEL_Ep4ItemDNtC1b1Up3KeymEL_EL_E"),
		"a::f::<dyn b::T<dyn b::U<Key = u32>, Item = dyn b::U<Key = u32>>>");
}

// One name for each production of the grammar. binutils prints the same, except where noted.
// Long because: the names are a table.
TEST(cxx)
{
	static const char *const names[][2] = {
		{"_Z1fv", "f()"},
		{"_ZN3FooC2Ei", "Foo::Foo(int)"},
		{"_ZN3FooD0Ev", "Foo::~Foo()"},
		{"_ZNK3Foo3barERKS_", "Foo::bar(Foo const&) const"},
		{"_ZNKR1A1fEv", "A::f() const &"},
		{"_ZNSaIcED1Ev", "std::allocator<char>::~allocator()"},
		{"_ZNSsC1ERKSs",
			"std::basic_string<char, std::char_traits<char>, std::allocator<char> "
			">::basic_string(std::string const&)"},
		{"_ZN12_GLOBAL__N_11fEv", "(anonymous namespace)::f()"},
		{"_ZNK1AcvbEv", "A::operator bool() const"},
		{"_ZN1CcvT_IiEEv", "C::operator int<int>()"},
		{"_Zli2_sPKc", "operator\"\" _s(char const*)"},
		{"_ZlsIiERSoS0_RKT_", "std::ostream& operator<< <int>(std::ostream&, int const&)"},
		{"_Znam", "operator new[](unsigned long)"},
		{"_Z1fIJijEJcdEEvDpT_DpT0_",
			"void f<int, unsigned int, char, double>(int, unsigned int, "
			"char, double)"},
		// binutils prints (, int)
		{"_Z3fooIJEEvDpT_i", "void foo<>(int)"},
		{"_Z1fIPFvvEET_v", "void (*f<void (*)()>())()"},
		{"_Z1fPFPFvcEiE", "f(void (*(*)(int))(char))"},
		{"_Z1fRA5_A3_Ki", "f(int const (&) [5][3])"},
		{"_Z1fM3FooKFvvE", "f(void (Foo::*)() const)"},
		{"_Z1fM3Fooi", "f(int Foo::*)"},
		{"_Z1fIRiEvOT_", "void f<int&>(int&)"},
		{"_Z1fDv4_fDnDF16_z", "f(float __vector(4), decltype(nullptr), _Float16, ...)"},
		{"_Z1fU3AS1PiCd", "f(int* AS1, double _Complex)"},
		{"_ZN1fB5cxx11B1aEv", "f[abi:cxx11][abi:a]()"},
		{"_ZTV1A", "vtable for A"},
		{"_ZTC1A0_1B", "construction vtable for B-in-A"},
		{"_ZTv0_n24_N1BD0Ev", "virtual thunk to B::~B()"},
		{"_ZTch0_h16_N1B1cEv", "covariant return thunk to B::c()"},
		{"_ZGVZ1fvE1x", "guard variable for f()::x"},
		{"_ZTH1x", "TLS init function for x"},
		{"_ZZ3fooIiEvvE1x_0", "foo<int>()::x"},
		{"_ZZ1fvEs", "f()::string literal"},
		{"_ZZ1fiEd_NKUlvE_clEv",
			"f(int)::{default arg#1}::{lambda()#1}::operator()() const"},
		{"_ZZ4mainENKUlT_E_clIiEEDaS_",
			"auto main::{lambda(auto:1)#1}::operator()<int>(int) const"},
		{"_ZN3fooUt0_1xE", "foo::{unnamed type#2}::x"},
		{"_ZL1fv.isra.0.constprop.5", "f() [clone .isra.0] [clone .constprop.5]"},
		{"_ZN1AIXgtLi3ELi2EEE1fEv", "A<((3)>(2))>::f()"},
		{"_Z1fILb1ELc97ELin5ELm10ELd0EEvv",
			"void f<true, (char)97, -5, 10ul, (double)[0]>()"},
		{"_Z1fIXadL_Z1gvEEEvv", "void f<&(g())>()"},
		{"_Z1fIiEDTclfp_plfp_Li1EEET_", "decltype ({parm#1}({parm#1}+(1))) f<int>(int)"},
		{"_Z1fIiEDTgsnwcvPvLi0E_T_piLi1EEES1_",
			"decltype (::new ((void*)(0)) int(1)) f<int>(int)"},
		{"_Z1fIiEN9enable_ifIXsr3std7is_sameIT_iEE5valueEvE4typeES1_",
			"enable_if<std::is_same<int, int>::value, void>::type f<int>(int)"},
		{"_Z1fIJijEEvDpT_DTsZT_E",
			"void f<int, unsigned int>(int, unsigned int, decltype (2))"},
		// binutils cannot read it: the arguments of a conversion to a class template
		{"_ZNK1PcvSt6vectorIT_SaIS1_EEIiEEv",
			"P::operator std::vector<int, std::allocator<int> ><int>() const"},
	};

	for (size_t i = 0; i < UNIT_COUNTOF(names); i++) {
		CHECK_STR(demangled(names[i][0]), names[i][1]);
	}
}

// Of the names that the C++ library exports, at least 999 in 1000 are as binutils prints them.
TEST(cxx_as_binutils)
{
	size_t total = 0, equal = 0;
	char *lines, *at;

	unit_shell_needs("c++filt");
	unit_shell_needs("g++");
	lines = unit_shell_output(NULL,
		"nm -D --without-symbol-versions \"$(g++ -print-file-name=libstdc++.so.6)\" |"
		" sed -n 's/.* \\(_Z.*\\)/\\1/p' | sort -u >names && c++filt -i <names | paste "
		"names -");
	for (at = strtok(lines, "\n"); at != NULL; at = strtok(NULL, "\n")) {
		char *expected = strchr(at, '\t');

		if (expected != NULL) {
			*expected++ = 0;
			total++;
			equal += strcmp(demangled(at), expected) == 0;
		}
	}
	free(lines);
	CHECK(total > 3000);
	CHECK((total - equal) * 1000 <= total);
}

// Names whose text grows exponentially, arguments that contain themselves, and unlimited nesting
// stay mangled.
TEST(cxx_hostile)
{
	static char name[70000];
	char *at = name + sprintf(name, "_Z1fI1AIiiE1BIS1_S1_E");

	// Each argument contains the previous one twice.
	for (int i = 3; i < 36; i += 2) {
		char digit = (char)(i < 10 ? '0' + i : 'A' + i - 10);

		at += sprintf(at, "1BIS%c_S%c_E", digit, digit);
	}
	strcpy(at, "Evv");
	CHECK_STR(demangled(name), name);
	memset(name, 'P', sizeof name - 1);
	memcpy(name, "_Z1f", 4);
	CHECK_STR(demangled(name), name);
	for (size_t i = 4; i + 1 < sizeof name; i++) {
		name[i] = "1AI"[(i - 4) % 3];
	}
	CHECK_STR(demangled(name), name);
	CHECK_STR(demangled("_ZN1AcvT_I1BIT_EEEv"), "_ZN1AcvT_I1BIT_EEEv");
	CHECK_STR(demangled("_Z1fIT_EvT_"), "_Z1fIT_EvT_");
	CHECK_STR(demangled("_ZN1A1BE99999999999999999999"), "_ZN1A1BE99999999999999999999");
}

TEST(what_is_no_mangled_name_stays)
{
	static const char *const names[] = {"main", "_", "_R", "_Z", "_ZN", "_RNv",
		"_RNvC7mycrate3f", "_RB_", "_RNvB_3foo", "_ZN3foo3bar17h05af221e174051",
		"_R0NvC1a1b", "_RNvC1a1b!", "_Z1", "_Z1fi1", "_ZN1AE_", "_ZN", "_ZNE", "_ZTV",
		"_Z1fP", "_Z1fS_", "_Z1fS1_", "_Z1fIiEvT0_", "_Z1fIiEvT", "_ZN1AC9Ev", "_Z1fAv",
		"_Z1fDp", "_Z1fIXE", "_Z1fIXplEEvv", "_ZSt", "_ZTch0_N1B1cEv", "_ZZ1fv", "_ZZ1fvE",
		"_Z"};

	for (size_t i = 0; i < UNIT_COUNTOF(names); i++) {
		CHECK_STR(demangled(names[i]), names[i]);
	}
}

// With a smaller buffer, nothing is written out of bounds and the name stays mangled.
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

// Demangling of damaged names ends and stays within bounds.
TEST(survives_damage)
{
	static const char *const names[] = {"_RINvC1a1fFUKCmEuDNtC1b1TEL_Amj4_E",
		"_RNvXCs4fqI2P2rA04_3fooNtB2_3BarNtB2_5Trait3baz",
		"_ZN60_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$core..ops..Drop$GT$4drop"
		"17h0123456789abcdefE",
		"_ZNSt8_Rb_treeImSt4pairIKm1BESt4lessImEE7emplaceIJRKSt5tupleIJRS1_EEEEESt2itIS2_"
		"EDpOT_",
		"_ZZN1AIiE1fENKUlT_DpOT0_E0_clIJdEEEDTgsnwcvPvLi0E_S1_pispcl3fooIT0_EfpEEES5_",
		"_ZSt4swapI1AENSt9enable_ifIXsr6__and_ISt6__not_ISt1bIT_EESt1mIS4_"
		"EEE5valueEvE4typeERS4_M1C"
		"KFviEA3_c"};

	for (unsigned i = 0; i < 400000; i++) {
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

UNIT_MAIN(UNIT_TEST(rust_legacy), UNIT_TEST(rust_v0), UNIT_TEST(cxx), UNIT_TEST(cxx_as_binutils),
	UNIT_TEST(cxx_hostile), UNIT_TEST(what_is_no_mangled_name_stays), UNIT_TEST(little_room),
	UNIT_TEST(survives_damage))
