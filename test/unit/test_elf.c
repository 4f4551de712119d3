// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: ELF files that the installed compiler makes, compared with readelf.

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>

#include "inject.h"
#include "elf_reader.h"
#include "unit.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

// Makes a program with debug information and several sections of every kind.
static void
make_program(const char *name, const char *flags)
{
	static const char source[] = "#include <stdio.h>\n"
				     "static int twice(int n) { return printf(\"%d\", n) * 2; }\n"
				     "int main(int n, char **v) { return twice(n) + v[0][0]; }\n";

	CHECK_INT(rcgo__arena_init(&arena, 64 << 20), 0);
	unit_shell_write("source.c", source, sizeof source - 1);
	unit_shell("gcc -g -O1 %s -o %s source.c", flags, name);
}

static void
check_same(struct rcgo_bytes got, struct rcgo_bytes want)
{
	CHECK_INT(got.size, want.size);
	CHECK(rcgo__bytes_equal(got, want));
}

// Each section that readelf lists is found at the same place, and no other.
static void
check_sections(const char *name)
{
	struct rcgo_elf elf;
	struct rcgo_section section;
	char *line, *all, *rest;
	uint32_t index = 0;

	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path(name)), 0);
	all = unit_shell_output(NULL,
		"LC_ALL=C readelf -SW %s | sed -n 's/^ *\\[ *[0-9]*\\] //p' | "
		"sed 's/^ *NULL.*/- NULL 0 0 0/'",
		name);
	for (line = strtok_r(all, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) {
		char want_name[128], type[64];
		unsigned long long address, offset, size;

		CHECK_INT(sscanf(line, "%127s %63s %llx %llx %llx", want_name, type, &address,
				  &offset, &size),
			5);
		CHECK(rcgo__elf_section_at(&elf, index, &section));
		CHECK_INT(section.address, address);
		CHECK_INT(section.offset, offset);
		CHECK_INT(section.size, size);
		if (index > 0) {
			CHECK_STR(rcgo__bytes_string(elf.names, section.name), want_name);
			if (strcmp(type, "NOBITS") == 0) {
				CHECK_INT(rcgo__elf_section_find(&elf, want_name, &section), 0);
			} else {
				CHECK_INT(rcgo__elf_section_find(&elf, want_name, &section), index);
				CHECK_INT(rcgo__elf_section_raw(&elf, &section).size, size);
			}
		}
		index++;
	}
	CHECK(index > 10);
	CHECK_INT(elf.section_count, index);
	CHECK(!rcgo__elf_section_at(&elf, index, &section));
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__elf_section_find(&elf, ".text", &section), 0);
	free(all);
}

TEST(sections_as_readelf_has_them)
{
	make_program("program", "");
	check_sections("program");
	unit_shell("strip -o stripped program");
	check_sections("stripped");
	unit_shell("objcopy --only-keep-debug program program.debug");
	check_sections("program.debug");
}

TEST(other_widths_and_byte_orders)
{
	make_program("wide.o", "-c");
	check_sections("wide.o");
	if (unit_shell_try("gcc -m32 -c -x c /dev/null -o try.o")) {
		unit_shell("sed '1s/.*/int printf(const char *, ...);/' source.c | gcc -m32 -g -w "
			   "-c -x c - -o narrow.o");
		check_sections("narrow.o");
	}
	if (unit_shell_try("aarch64-linux-gnu-gcc -mbig-endian -c -x c /dev/null -o try.o")) {
		struct rcgo_elf elf;

		unit_shell("sed '1s/.*/int printf(const char *, ...);/' source.c | "
			   "aarch64-linux-gnu-gcc -mbig-endian -g -w -c -x c - "
			   "-o big.o");
		check_sections("big.o");
		CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("big.o")), 0);
		CHECK(elf.big && elf.wide && elf.machine == EM_AARCH64 && elf.type == ET_REL);
	}
}

static void
check_decompressed(const char *how)
{
	static const char *const names[] = {".debug_info", ".debug_abbrev", ".debug_line",
		".debug_str", ".debug_line_str", ".text", ".debug_no_such"};
	struct rcgo_elf plain, packed;

	unit_shell("objcopy --compress-debug-sections=%s program packed", how);
	CHECK_INT(rcgo__elf_open(&plain, unit_shell_path("program")), 0);
	CHECK_INT(rcgo__elf_open(&packed, unit_shell_path("packed")), 0);
	CHECK(packed.image.size < plain.image.size);
	for (size_t i = 0; i < UNIT_COUNTOF(names); i++) {
		struct rcgo_bytes want = rcgo__elf_section(&plain, &arena, names[i]);

		CHECK((want.size == 0) == (strcmp(names[i], ".debug_no_such") == 0));
		check_same(rcgo__elf_section(&packed, &arena, names[i]), want);
	}
	rcgo__elf_close(&plain);
	rcgo__elf_close(&packed);
}

TEST(compressed_sections)
{
	make_program("program", "-include stdlib.h -include math.h -include signal.h");
	check_decompressed("zlib");
	check_decompressed("zlib-gnu");
	if (unit_shell_try("objcopy --compress-debug-sections=zstd program try")) {
		check_decompressed("zstd");
	}
}

TEST(an_arena_too_small)
{
	struct rcgo_elf elf;
	size_t room;

	make_program("program", "-gz=zlib -include stdlib.h -include math.h");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
	room = arena.cap - rcgo__elf_section(&elf, &arena, ".debug_info").size;
	rcgo__arena_release(&arena, 0);
	rcgo__arena_alloc(&arena, room);
	CHECK_INT(rcgo__elf_section(&elf, &arena, ".debug_info").size, 0);
	CHECK_INT(rcgo__arena_mark(&arena), (room + 15) / 16 * 16);
}

TEST(build_id)
{
	static const char *const styles[] = {"sha1", "md5", "uuid", "0xc0ffee00"};

	for (size_t i = 0; i < UNIT_COUNTOF(styles); i++) {
		struct rcgo_elf elf;
		struct rcgo_bytes id;
		char hex[129] = "", *want, flags[64];

		snprintf(flags, sizeof flags, "-Wl,--build-id=%s", styles[i]);
		make_program("program", flags);
		CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
		id = rcgo__elf_build_id(&elf);
		CHECK(id.size > 0 && id.size <= 64);
		for (size_t k = 0; k < id.size; k++) {
			snprintf(hex + 2 * k, 3, "%02x", id.at[k]);
		}
		want = unit_shell_output(
			NULL, "LC_ALL=C readelf -n program | sed -n 's/.*Build ID: //p'");
		want[strcspn(want, "\n")] = 0;
		CHECK_STR(hex, want);
		// The same program without section headers is read by its segments.
		elf.section_count = 0;
		check_same(rcgo__elf_build_id(&elf), id);
		free(want);
	}
	make_program("program", "-Wl,--build-id=none");
	struct rcgo_elf elf;
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
	CHECK_INT(rcgo__elf_build_id(&elf).size, 0);
}

TEST(what_is_no_elf_file)
{
	struct rcgo_elf elf;

	errno = 77;
	unit_shell("mkfifo pipe; : >empty; echo hello, this is text, and long enough to be read "
		   "as a header of 64 bytes >text");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("absent")), -ENOENT);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_dir()), -ENOEXEC);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("pipe")), -ENOEXEC);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("empty")), -ENOEXEC);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("text")), -ENOEXEC);
	CHECK_INT(rcgo__elf_open(&elf, "/dev/null"), -ENOEXEC);
	CHECK_INT(elf.image.size, 0);
	rcgo__elf_close(&elf);
	inject_arm(&inject_mmap, 0, 1, ENOMEM);
	errno = 77;
	CHECK_INT(rcgo__elf_open(&elf, "/proc/self/exe"), -ENOMEM);
	CHECK_INT(errno, 77);
}

TEST(the_vdso)
{
	struct rcgo_elf elf;
	struct rcgo_section section;

	if (getauxval(AT_SYSINFO_EHDR) == 0) {
		CHECK_INT(rcgo__elf_from_vdso(&elf), -ENOENT);
		return;
	}
	CHECK_INT(rcgo__elf_from_vdso(&elf), 0);
	CHECK_INT(elf.type, ET_DYN);
	CHECK(elf.segment_count > 0);
	// An emulator's image may have section headers without section names.
	if (elf.section_count > 0 && !unit_emulated()) {
		CHECK(rcgo__elf_section_find(&elf, ".dynsym", &section) != 0);
		CHECK(rcgo__elf_section_raw(&elf, &section).size != 0);
	}
	rcgo__elf_close(&elf);
}

// A file that is truncated anywhere or has any byte changed is rejected or read, without reads out
// of bounds.
TEST(survives_damage)
{
	size_t size;
	uint8_t *image, *copy;

	make_program("program", "-gz=zlib");
	image = unit_shell_read("program", &size);
	for (unsigned i = 0; i < 4000; i++) {
		size_t n = i % 2 == 0 ? size : unit_random() % (size + 1);
		struct rcgo_elf elf;
		struct rcgo_section section;
		struct rcgo_segment segment;

		copy = malloc(n);
		memcpy(copy, image, n);
		for (unsigned k = 0; k < i % 7 && n > 0; k++) {
			copy[unit_random() % (i % 3 == 0 || n < 64 ? n : 64)] =
				(uint8_t)unit_random();
		}
		if (rcgo__elf_from_memory(&elf, (struct rcgo_bytes){.at = copy, .size = n}) == 0) {
			unsigned char sum = 0;

			for (uint32_t s = 0; rcgo__elf_section_at(&elf, s, &section); s++) {
				struct rcgo_bytes raw = rcgo__elf_section_raw(&elf, &section);

				sum ^= raw.size != 0 ? raw.at[0] ^ raw.at[raw.size - 1] : 0;
			}
			for (uint32_t s = 0; rcgo__elf_segment_at(&elf, s, &segment); s++) {
				struct rcgo_bytes at = rcgo__elf_at_address(&elf, segment.address);

				sum ^= at.size != 0 ? at.at[0] ^ at.at[at.size - 1] : 0;
			}
			rcgo__elf_build_id(&elf);
			rcgo__elf_section(&elf, &arena, ".debug_info");
			rcgo__arena_release(&arena, sum & 0);
		}
		free(copy);
	}
	free(image);
}

UNIT_MAIN(UNIT_TEST(sections_as_readelf_has_them), UNIT_TEST(other_widths_and_byte_orders),
	UNIT_TEST(compressed_sections), UNIT_TEST(an_arena_too_small), UNIT_TEST(build_id),
	UNIT_TEST(what_is_no_elf_file), UNIT_TEST(the_vdso), UNIT_TEST(survives_damage))
