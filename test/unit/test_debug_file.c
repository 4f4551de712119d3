// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: separate debug files, installed by the tools that distributions use. The
// test has its own /proc and /usr/lib/debug. Long because: each kind of file has a short test, on
// the same program.

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <string.h>

#include "inject.h"
#include "debug_file.h"
#include "symbol_table.h"
#include "unit.h"
#include "unit_shell.h"

static struct rcgo_arena arena;

static const char source[] =
	"static __attribute__((noinline)) int hidden(int n) { return n * 3; }\n"
	"int main(int n, char **v) { return hidden(n) + v[0][0]; }\n";

// A program, its stripped form, and its debug information.
static void
make_program(const char *flags)
{
	static char root[4096];

	CHECK_INT(rcgo__arena_init(&arena, 16 << 20), 0);
	unit_shell_write("source.c", source, sizeof source - 1);
	unit_shell(
		"mkdir -p root/proc/self root/usr/lib/debug && gcc -g -O1 %s -o program source.c "
		"&& objcopy --only-keep-debug program program.debug && "
		"strip -o stripped program",
		flags);
	snprintf(root, sizeof root, "%s", unit_shell_path("root"));
	inject_root = root;
}

// Returns the build-id of a file as text, with or without a slash after its first byte.
static const char *
id_of(const char *name, const char *slash)
{
	static char id[128];
	char *hex = unit_shell_output(
		NULL, "LC_ALL=C readelf -n %s | sed -n 's/.*Build ID: //p'", name);

	hex[strcspn(hex, "\n")] = 0;
	snprintf(id, sizeof id, "%.2s%s%s", hex, slash, hex + 2);
	free(hex);
	return id;
}

// Opens the debug information of a file and returns its path below the directory, or "".
static const char *
found_for(const char *name)
{
	static char found[4096];
	struct rcgo_elf elf;
	struct rcgo_debugfile debug;
	size_t dir = strlen(unit_shell_dir()) + 1, before;
	int err;

	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path(name)), 0);
	before = arena.used;
	errno = 77;
	err = rcgo__debugfile_open(&elf, unit_shell_path(name), &arena, &debug);
	CHECK_INT(errno, 77);
	found[0] = 0;
	if (err == 0) {
		CHECK(rcgo__debugfile_has_dwarf(&debug.elf));
		// Removes our inject_root from the path.
		snprintf(found, sizeof found, "%s",
			strncmp(debug.path, "/usr/lib/debug", 14) == 0 ? debug.path
								       : debug.path + dir);
		rcgo__elf_close(&debug.elf);
	} else {
		CHECK_INT(err, -ENOENT);
		CHECK(debug.path == NULL);
		CHECK_INT(arena.used, before);
	}
	rcgo__arena_release(&arena, before);
	rcgo__elf_close(&elf);
	return found;
}

TEST(by_build_id)
{
	char want[256];
	const char *id;

	make_program("");
	CHECK_STR(found_for("stripped"), "");
	id = id_of("program", "/");
	snprintf(want, sizeof want, "/usr/lib/debug/.build-id/%s.debug", id);
	unit_shell("mkdir -p $(dirname root%s) && cp program.debug root%s", want, want);
	CHECK_STR(found_for("stripped"), want);
	// A file of that name belongs to another build, or has no debug information.
	unit_shell("sed 's/3/4/' source.c | gcc -g -x c - -o other && cp other root%s", want);
	CHECK_STR(found_for("stripped"), "");
	unit_shell("cp stripped root%s", want);
	CHECK_STR(found_for("stripped"), "");
	unit_shell(": >root%s", want);
	CHECK_STR(found_for("stripped"), "");
}

static void
check_link(const char *flags)
{
	make_program(flags);
	unit_shell("mkdir -p sub/.debug root/usr/lib/debug$PWD/sub && "
		   "objcopy --add-gnu-debuglink=program.debug stripped sub/linked");
	CHECK_STR(found_for("sub/linked"), "");
	unit_shell("cp program.debug root/usr/lib/debug$PWD/sub");
	CHECK(strncmp(found_for("sub/linked"), "/usr/lib/debug/", 15) == 0);
	unit_shell("cp program.debug sub/.debug");
	CHECK_STR(found_for("sub/linked"), "sub/.debug/program.debug");
	unit_shell("cp program.debug sub");
	CHECK_STR(found_for("sub/linked"), "sub/program.debug");
	// The link is resolved: its target's directory counts.
	unit_shell("ln -s sub/linked elsewhere");
	CHECK_STR(found_for("elsewhere"), "sub/program.debug");
	// A file of another build is ignored.
	unit_shell("sed 's/3/4/' source.c | gcc -g -O1 %s -x c - -o sub/program.debug", flags);
	CHECK_STR(found_for("sub/linked"), "sub/.debug/program.debug");
}

TEST(by_link_and_build_id)
{
	check_link("");
}

TEST(by_link_and_checksum)
{
	check_link("-Wl,--build-id=none");
	// One byte differs, in a section that is not read.
	unit_shell("cp program.debug sub/program.debug && printf x >>sub/program.debug && "
		   "rm -r sub/.debug root/usr/lib/debug");
	CHECK_STR(found_for("sub/linked"), "");
	unit_shell("cp program.debug sub/program.debug");
	CHECK_STR(found_for("sub/linked"), "sub/program.debug");
}

// Puts a file into a cache and searches for it with this environment.
static void
check_cache(const char *dir, const char *environment)
{
	const char *id = id_of("program", "");
	char want[512];

	unit_shell("mkdir -p %s/%s && cp program.debug %s/%s/debuginfo && "
		   "printf '%s' \"$PWD\" \"$PWD\" | tr '\\n' '\\0' >root/proc/self/environ",
		dir, id, dir, id, environment);
	snprintf(want, sizeof want, "%s/%s/debuginfo", dir, id);
	CHECK_STR(found_for("stripped"), want);
	unit_shell(": >%s", want);
	CHECK_STR(found_for("stripped"), "");
	unit_shell("rm -r %s", dir);
}

TEST(in_the_cache_of_debuginfod)
{
	make_program("");
	check_cache("c1", "HOME=/none\\nDEBUGINFOD_CACHE_PATH=%s/c1\\n");
	check_cache("c2/debuginfod_client", "XDG_CACHE_HOME=%s/c2\\n");
	check_cache("h/.cache/debuginfod_client", "A=\\nXDG_CACHE_HOME=\\nHOME=%s/h\\n");
	check_cache("h/.debuginfod_client_cache", "MYHOME=x\\nHOME=%s/h\\nXDG_CACHE_HOME=/none\\n");
	unit_shell("rm root/proc/self/environ");
	CHECK_STR(found_for("stripped"), "");
}

TEST(mini_debug_info)
{
	struct rcgo_elf elf, mini;
	struct rcgo_symtab table = {0};
	struct rcgo_symbol symbol;
	char *line;
	uint64_t hidden;

	unit_shell_needs("xz");
	make_program("");
	line = unit_shell_output(NULL, "nm program | sed -n 's/ t hidden$//p'");
	hidden = strtoull(line, NULL, 16);
	free(line);
	unit_shell("echo hidden >keep && "
		   "objcopy -S --keep-symbols=keep program.debug mini && xz mini && "
		   "objcopy --add-section .gnu_debugdata=mini.xz stripped with");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("stripped")), 0);
	CHECK_INT(rcgo__debugfile_mini(&elf, &arena, &mini), -ENOENT);
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("with")), 0);
	CHECK_INT(rcgo__debugfile_mini(&elf, &arena, &mini), 0);
	rcgo__symtab_add(&table, &elf);
	CHECK(rcgo__symtab_add(&table, &mini));
	CHECK(rcgo__symtab_find(&table, hidden + 1, &symbol));
	CHECK_STR(symbol.name, "hidden");
	CHECK(symbol.covers);
	// With an arena that is too small, nothing leaks.
	rcgo__arena_release(&arena, 0);
	rcgo__arena_alloc(&arena, arena.cap - 4096);
	CHECK_INT(rcgo__debugfile_mini(&elf, &arena, &mini), -ENOMEM);
	CHECK_INT(arena.used, arena.cap - 4096);
}

// Writes a link to the common parts (dwz) at this path into program.
static int
open_dwz(const char *name)
{
	struct rcgo_elf elf, alt;
	struct rcgo_bytes id;
	char link[512] = "";
	size_t before = arena.used;
	int err;

	snprintf(link, sizeof link, "%s", name);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("common")), 0);
	id = rcgo__elf_build_id(&elf);
	memcpy(link + strlen(link) + 1, id.at, id.size);
	unit_shell_write("link", link, strlen(link) + 1 + id.size);
	rcgo__elf_close(&elf);
	unit_shell("objcopy --add-section .gnu_debugaltlink=link program.debug linked");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("linked")), 0);
	err = rcgo__debugfile_dwz(&elf, unit_shell_path("linked"), &arena, &alt);
	CHECK_INT(arena.used, before);
	if (err == 0) {
		CHECK(rcgo__elf_build_id(&alt).size > 0);
	}
	rcgo__elf_close(&alt);
	rcgo__elf_close(&elf);
	return err;
}

TEST(the_common_parts_of_dwz)
{
	const char *id;

	make_program("");
	unit_shell("mkdir dwz && sed 's/3/5/' source.c | gcc -g -x c - -o dwz/common && "
		   "cp dwz/common common");
	CHECK_INT(open_dwz("dwz/common"), 0);
	CHECK_INT(open_dwz(unit_shell_path("dwz/common")), 0);
	CHECK_INT(open_dwz("nowhere/common"), -ENOENT);
	id = id_of("common", "/");
	unit_shell("mkdir -p root/usr/lib/debug/.build-id/$(dirname %s) && "
		   "cp common root/usr/lib/debug/.build-id/%s.debug",
		id, id);
	CHECK_INT(open_dwz("nowhere/common"), 0);
	unit_shell("rm -r root/usr/lib/debug && cp program dwz/common");
	CHECK_INT(open_dwz("dwz/common"), -ENOENT);
}

static int
open_dwo(const char *comp_dir, const char *name)
{
	struct rcgo_elf dwo;
	int err = rcgo__debugfile_dwo(
		unit_shell_path("bin/split"), comp_dir, name, geteuid(), &arena, &dwo);

	CHECK_INT(arena.used, 0);
	CHECK_INT(dwo.image.size != 0, err == 0);
	rcgo__elf_close(&dwo);
	return err;
}

TEST(split_units)
{
	struct rcgo_elf dwp;

	make_program("");
	unit_shell("mkdir -p obj bin && gcc -g -gsplit-dwarf -c -o obj/unit.o source.c && "
		   "gcc -o bin/split obj/unit.o && test -f obj/unit.dwo");
	CHECK_INT(open_dwo(unit_shell_dir(), "obj/unit.dwo"), 0);
	CHECK_INT(open_dwo(unit_shell_path("obj"), "unit.dwo"), 0);
	CHECK_INT(open_dwo("/nowhere", unit_shell_path("obj/unit.dwo")), 0);
	CHECK_INT(open_dwo(NULL, unit_shell_path("obj/unit.dwo")), 0);
	CHECK_INT(open_dwo("/nowhere", "obj/unit.dwo"), -ENOENT);
	// The program and its units were moved together.
	unit_shell("mv obj bin/");
	CHECK_INT(open_dwo("/nowhere", "obj/unit.dwo"), 0);
	unit_shell("mv bin/obj/unit.dwo bin/");
	CHECK_INT(open_dwo("/nowhere", "obj/unit.dwo"), 0);
	CHECK_INT(open_dwo("/nowhere", "/obj/unit.dwo"), 0);

	CHECK_INT(rcgo__debugfile_dwp(unit_shell_path("bin/split"), geteuid(), &arena, &dwp),
		-ENOENT);
	unit_shell("cp bin/unit.dwo bin/split.dwp; cp bin/split bin/split.debug");
	CHECK_INT(rcgo__debugfile_dwp(unit_shell_path("bin/split"), geteuid(), &arena, &dwp), 0);
	rcgo__elf_close(&dwp);
	CHECK_INT(rcgo__debugfile_dwp(unit_shell_path("bin/split.debug"), geteuid(), &arena, &dwp),
		0);
	rcgo__elf_close(&dwp);
}

TEST(replaced_files)
{
	struct rcgo_elf elf;
	uint8_t copy[64];
	struct rcgo_bytes id;

	make_program("");
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("program")), 0);
	id = rcgo__elf_build_id(&elf);
	memcpy(copy, id.at, id.size);
	id = (struct rcgo_bytes){.at = copy, .size = id.size};
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__debugfile_match(&elf, unit_shell_path("program"), id), 0);
	rcgo__elf_close(&elf);
	unit_shell("mv program old && sed 's/3/7/' source.c | gcc -g -x c - -o program");
	CHECK_INT(rcgo__debugfile_match(&elf, unit_shell_path("program"), id), -ESTALE);
	CHECK_INT(elf.image.size, 0);
	CHECK_INT(rcgo__debugfile_match(&elf, unit_shell_path("old"), id), 0);
	CHECK_INT(
		rcgo__debugfile_match(&elf, unit_shell_path("program"), (struct rcgo_bytes){0}), 0);
}

// A file that other users own or can write could have been planted.
TEST(planted_files)
{
	char path[4096];
	struct rcgo_elf elf;

	make_program("");
	snprintf(path, sizeof path, "%s", unit_shell_path("program"));
	CHECK_INT(chmod(path, 0755), 0);
	CHECK_INT(rcgo__elf_open_trusted(&elf, path, geteuid()), 0);
	CHECK_INT(elf.owner, geteuid());
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__elf_open_trusted(&elf, "program", geteuid()), -EPERM);
	CHECK_INT(chmod(path, 0757), 0);
	CHECK_INT(rcgo__elf_open_trusted(&elf, path, geteuid()), -EPERM);
	CHECK_INT(rcgo__debugfile_match_trusted(&elf, path, (struct rcgo_bytes){0}, geteuid()),
		-EPERM);
	CHECK_INT(rcgo__elf_open(&elf, path), 0);
	rcgo__elf_close(&elf);
	CHECK_INT(chmod(path, 0755), 0);
	if (geteuid() != 0) {
		return;
	}
	unit_shell("ln -s program link");
	CHECK_INT(rcgo__elf_open_trusted(&elf, unit_shell_path("link"), 0), -ELOOP);
	CHECK_INT(chown(path, 65534, 65534), 0);
	CHECK_INT(rcgo__elf_open_trusted(&elf, path, 0), -EPERM);
	CHECK_INT(rcgo__elf_open_trusted(&elf, path, 65534), 0);
	CHECK_INT(elf.owner, 65534);
}

UNIT_MAIN(UNIT_TEST(by_build_id), UNIT_TEST(by_link_and_build_id), UNIT_TEST(by_link_and_checksum),
	UNIT_TEST(in_the_cache_of_debuginfod), UNIT_TEST(mini_debug_info),
	UNIT_TEST(the_common_parts_of_dwz), UNIT_TEST(split_units), UNIT_TEST(replaced_files),
	UNIT_TEST(planted_files))
