// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: the function at an address, by symbol tables. nm is the reference.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "elf_reader.h"
#include "symbol_table.h"
#include "unit.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

// Two symbols at one address, a label inside a function, a symbol without a size, one in a section
// of its own, data beside code, and some others.
static const char source[] =
	"int data = 7;\n"
	"static __attribute__((noinline)) int hidden(int n) { return n * data; }\n"
	"int global(int n) { return hidden(n) + 1; }\n"
	"int other(int n) __attribute__((alias(\"global\")));\n"
	"__attribute__((section(\".elsewhere\"))) int elsewhere(int n) { return n; }\n"
	"__asm__(\".text\\n.globl sized\\n.type sized, %function\\nsized: .zero 64\\n\"\n"
	"        \".size sized, 64\\n\"\n"
	"        \".globl bare\\nbare: .zero 64\\n\"\n"
	"        \".globl function_too\\n.type function_too, %function\\n\"\n"
	"        \"function_too: label_too: .zero 64\\n.size function_too, 32\\n\"\n"
	"        \"behind: .zero 16\\n\");\n"
	"extern char sized[];\n"
	"int main(int n, char **v) { return global(n) + elsewhere(n) + v[0][0] + sized[0]; }\n";

static void
make_program(const char *name, const char *flags)
{
	CHECK_INT(rcgo__arena_init(&arena, 16 << 20), 0);
	unit_shell_write("source.c", source, sizeof source - 1);
	unit_shell("gcc -O1 -no-pie %s -o %s source.c", flags, name);
}

static uint64_t
address_of(const char *name)
{
	char *line = unit_shell_output(NULL, "nm -a program | sed -n 's/ [^ ]* %s$//p'", name);
	uint64_t address = strtoull(line, NULL, 16);

	CHECK(address != 0);
	free(line);
	return address;
}

static void
check_at(const struct rcgo_symtab *table, uint64_t address, const char *want, bool covers)
{
	struct rcgo_symbol symbol;

	CHECK(rcgo__symtab_find(table, address, &symbol));
	CHECK_STR(symbol.name, want);
	CHECK_INT(symbol.covers, covers);
	CHECK(symbol.address <= address);
}

static void
check_rules(const struct rcgo_symtab *table)
{
	uint64_t sized = address_of("sized"), too = address_of("function_too");
	uint64_t elsewhere = address_of("elsewhere");
	struct rcgo_symbol symbol;

	check_at(table, address_of("hidden"), "hidden", true);
	check_at(table, sized, "sized", true);
	check_at(table, sized + 63, "sized", true);
	check_at(table, sized + 64, "bare", true); // it has no size
	check_at(table, sized + 127, "bare", true);
	check_at(table, too, "function_too", true);
	check_at(table, too + 31, "function_too", true);
	check_at(table, too + 32, "function_too", false);
	check_at(table, too + 64, "behind", true);
	check_at(table, elsewhere, "elsewhere", true);
	// The source file of a local function is known, that of a global one is not.
	CHECK(rcgo__symtab_find(table, address_of("hidden"), &symbol));
	CHECK_STR(symbol.file, "source.c");
	CHECK(rcgo__symtab_find(table, address_of("sized"), &symbol));
	CHECK(symbol.file == NULL);
	// The last function of one section does not name the code of the next section.
	CHECK(!rcgo__symtab_find(table, 0, &symbol));
	CHECK(!rcgo__symtab_find(table, UINT64_MAX, &symbol));
	CHECK(!rcgo__symtab_find(table, 16, &symbol));
}

TEST(rules)
{
	struct rcgo_elf elf;
	struct rcgo_symtab table = {0};

	make_program("program", "");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
	CHECK(rcgo__symtab_add(&table, &elf));
	check_rules(&table);
	CHECK(rcgo__symtab_sort(&table, &arena));
	check_rules(&table);
}

// Every function that nm lists with a size is found at its first byte, at its last, and in between;
// or another one at the same address.
static void
check_against_nm(const struct rcgo_symtab *table, const char *path, const char *flags)
{
	char *all = unit_shell_output(NULL, "nm -S --defined-only %s '%s'", flags, path);
	char *rest, *line = strtok_r(all, "\n", &rest);
	unsigned n = 0;

	for (; line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		unsigned long long address, size;
		char type, name[512];
		struct rcgo_symbol symbol;
		unsigned long long step;

		if (sscanf(line, "%llx %llx %c %511s", &address, &size, &type, name) != 4 ||
			strchr("tTwWi", type) == NULL || size == 0) {
			continue;
		}
		step = size > 1 ? size - 1 : 1;
		for (unsigned long long at = 0; at < size; at += step) {
			CHECK(rcgo__symtab_find(table, address + at, &symbol));
			// Another function may begin inside this one.
			CHECK(symbol.address >= address && symbol.address <= address + at);
			CHECK(symbol.covers || symbol.address != address);
		}
		CHECK(rcgo__symtab_find(table, address, &symbol));
		CHECK_INT(symbol.address, address);
		n++;
	}
	CHECK(n > 3);
	free(all);
}

// Sorted or not, and from either table, the answer is the same.
static void
check_same(const struct rcgo_symtab *a, const struct rcgo_symtab *b, uint64_t end)
{
	for (unsigned i = 0; i < 2000; i++) {
		uint64_t address = unit_random() % end;
		struct rcgo_symbol x, y;

		CHECK_INT(rcgo__symtab_find(a, address, &x), rcgo__symtab_find(b, address, &y));
		CHECK_INT(x.address, y.address);
		CHECK(x.name == y.name || strcmp(x.name, y.name) == 0);
		CHECK_INT(x.covers, y.covers);
	}
}

TEST(agrees_with_nm)
{
	struct rcgo_elf elf;
	struct rcgo_symtab table = {0}, sorted;

	CHECK_INT(rcgo__arena_init(&arena, 64 << 20), 0);
	CHECK_INT(rcgo__elf_open(&elf, "/proc/self/exe"), 0);
	CHECK(rcgo__symtab_add(&table, &elf));
	sorted = table;
	CHECK(rcgo__symtab_sort(&sorted, &arena));
	// In an emulator, nm would read another file of this name.
	if (!unit_emulated()) {
		char path[64];

		snprintf(path, sizeof path, "/proc/%d/exe", (int)getpid());
		check_against_nm(&sorted, path, "");
	}
	check_same(&table, &sorted, elf.image.size);
}

TEST(without_sections)
{
	struct rcgo_elf elf, bare;
	static const char *const styles[] = {"sysv", "gnu", "both"};

	for (size_t i = 0; i < UNIT_COUNTOF(styles); i++) {
		struct rcgo_symtab table = {0}, dynamic = {0};
		char flags[64];

		snprintf(flags, sizeof flags, "-shared -fPIC -s -Wl,--hash-style=%s", styles[i]);
		make_program("library", flags);
		CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("library")), 0);
		CHECK(rcgo__symtab_add(&table, &elf));
		check_against_nm(&table, "library", "-D");
		bare = elf;
		bare.section_count = 0;
		CHECK(rcgo__symtab_add(&dynamic, &bare));
		CHECK_INT(dynamic.sources[0].count, table.sources[0].count);
		check_against_nm(&dynamic, "library", "-D");
		rcgo__elf_close(&elf);
	}
}

TEST(the_vdso)
{
	struct rcgo_elf elf;
	struct rcgo_symtab table = {0}, dynamic = {0};
	unsigned found = 0;

	if (unit_emulated()) {
		unit_skip("an emulator's vDSO has addresses of the process");
	}
	if (rcgo__elf_from_vdso(&elf) != 0) {
		CHECK(getauxval(AT_SYSINFO_EHDR) == 0);
		unit_skip("this kernel maps no vDSO");
	}
	CHECK(rcgo__symtab_add(&table, &elf));
	elf.section_count = 0;
	CHECK(rcgo__symtab_add(&dynamic, &elf));
	for (uint64_t at = 0; at < elf.image.size; at++) {
		struct rcgo_symbol symbol;

		found += rcgo__symtab_find(&dynamic, at, &symbol) && symbol.address == at &&
			 strstr(symbol.name, "gettime") != NULL;
	}
	CHECK(found > 0);
}

TEST(other_widths_and_byte_orders)
{
	static const char *const compilers[] = {
		"gcc -m32 -shared", "aarch64-linux-gnu-gcc -mbig-endian -shared -fPIC"};

	CHECK_INT(rcgo__arena_init(&arena, 16 << 20), 0);
	for (size_t i = 0; i < UNIT_COUNTOF(compilers); i++) {
		struct rcgo_elf elf;
		struct rcgo_symtab table = {0};

		unit_shell_write("source.c", source, sizeof source - 1);
		if (!unit_shell_try("%s -O1 -nostdlib -o program source.c", compilers[i])) {
			continue;
		}
		CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
		CHECK(elf.big == elf.wide);
		CHECK(rcgo__symtab_add(&table, &elf));
		check_at(&table, address_of("hidden"), "hidden", true);
		check_at(&table, address_of("elsewhere"), "elsewhere", true);
		check_at(&table, address_of("sized") + 63, "sized", true);
		rcgo__elf_close(&elf);
	}
}

TEST(several_sources_and_an_arena_too_small)
{
	struct rcgo_elf whole, stripped;
	struct rcgo_symtab table = {0}, one = {0};
	struct rcgo_arena none = {0};

	make_program("program", "-rdynamic");
	unit_shell("strip -o stripped program");
	CHECK_INT(rcgo__elf_open(&whole, unit_shell_path("program")), 0);
	CHECK_INT(rcgo__elf_open(&stripped, unit_shell_path("stripped")), 0);
	CHECK(rcgo__symtab_add(&one, &whole));
	CHECK(!rcgo__symtab_sort(&one, &none));
	check_rules(&one);
	CHECK(rcgo__symtab_add(&table, &stripped));
	CHECK(rcgo__symtab_add(&table, &whole));
	check_rules(&table);
	CHECK(rcgo__symtab_add(&table, &whole));
	CHECK(rcgo__symtab_add(&table, &whole));
	CHECK(!rcgo__symtab_add(&table, &whole));
	CHECK(rcgo__symtab_sort(&table, &arena));
	check_rules(&table);
}

UNIT_MAIN(UNIT_TEST(rules), UNIT_TEST(agrees_with_nm), UNIT_TEST(without_sections),
	UNIT_TEST(the_vdso), UNIT_TEST(other_widths_and_byte_orders),
	UNIT_TEST(several_sources_and_an_arena_too_small))
