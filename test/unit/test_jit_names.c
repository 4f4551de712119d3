// SPDX-License-Identifier: BSD-3-Clause
// Symbolizer: names of code that a just-in-time compiler generates.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#include "jit_names.h"
#include "module_generation.h"
#include "sigframe.h"
#include "symbolizer.h"
#include "unit.h"
#include "unwinder.h"

static char map_path[64], dump_path[80], dump_dir[] = "/tmp/rcgo-jit-XXXXXX";
static struct rcgo_jit_names names;
static struct rcgo_arena arena;
static char text[2048];
static uintptr_t start;

static void
map_remove(void)
{
	unlink(map_path);
}

static void
setup(void)
{
	snprintf(map_path, sizeof map_path, "/tmp/perf-%d.map", (int)getpid());
	unlink(map_path);
	atexit(map_remove);
	CHECK_INT(rcgo__arena_init(&arena, (size_t)64 << 20), 0);
}

static void
append(const char *path, const void *data, size_t size)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0644);

	CHECK(fd >= 0);
	CHECK_INT(write(fd, data, size), size);
	close(fd);
}

static void
append_line(const char *line)
{
	append(map_path, line, strlen(line));
}

// Sets when the map was last written.
static void
touch_back(time_t seconds)
{
	time_t when = time(NULL) - seconds;

	CHECK_INT(utimes(map_path, (struct timeval[2]){{when, 0}, {when, 0}}), 0);
}

static const char *
name_at(uintptr_t pc)
{
	size_t n;

	text[0] = 0;
	start = 0;
	n = rcgo__jit_name(&names, &arena, pc, text, sizeof text, &start);
	CHECK_INT(n, strlen(text));
	return text;
}

TEST(perf_map)
{
	setup();
	CHECK_STR(name_at(0x1000), "");
	append_line("1000 10 one\n0x2000 0x20 LazyCompile:~two /home/x y.js:3\n1010 8 half");
	CHECK_STR(name_at(0x0fff), "");
	CHECK_STR(name_at(0x1000), "one");
	CHECK_STR(name_at(0x100f), "one");
	CHECK_STR(name_at(0x201f), "LazyCompile:~two /home/x y.js:3");
	CHECK_INT(start, 0x2000);
	CHECK_STR(name_at(0x2020), "");
	CHECK_STR(name_at(0x1010), "");
	append_line("-done\nnot a line\n3000\n3000 10\n3000 10 \nffffffffffffffff 10 over\n4000 0 "
		    "empty\n");
	CHECK_STR(name_at(0x1010), "half-done");
	CHECK_STR(name_at(0x3000), "");
	CHECK_STR(name_at(0x4000), "");
}

// Memory for code is reused. The last line wins, before and after the entries are ordered.
TEST(later_lines_replace)
{
	char line[64];

	setup();
	append_line("1000 100 old\n1080 10 inner\n2000 10 a\n1ff8 10 before_a\n");
	for (int pass = 0; pass < 2; pass++) {
		CHECK_STR(name_at(0x1000), "old");
		CHECK_STR(name_at(0x1080), "inner");
		CHECK_STR(name_at(0x1fff), "before_a");
		CHECK_STR(name_at(0x2007), "before_a");
		CHECK_STR(name_at(0x2008), "a");
		for (int i = 0; i < 5000; i++) {
			snprintf(line, sizeof line, "%x 10 f%d\n",
				0x100000 + (i * 7919 % 5000) * 16, i);
			append_line(line);
		}
	}
	for (int i = 0; i < 5000; i++) {
		snprintf(line, sizeof line, "f%d", i);
		CHECK_STR(name_at((uintptr_t)(0x100000 + (i * 7919 % 5000) * 16 + 15)), line);
	}
	append_line("1000 1000 new\n");
	CHECK_STR(name_at(0x1080), "new");
	CHECK(names.map.count < 12000);
}

TEST(long_lines_are_cut)
{
	char *line = malloc(100000);

	setup();
	memset(line, 'x', 100000);
	memcpy(line, "1000 10 ", 8);
	append(map_path, line, 100000);
	append_line("\n2000 10 next\n");
	CHECK_STR(name_at(0x2000), "next");
	CHECK_INT(strlen(name_at(0x1000)), 1024);
	CHECK_INT(rcgo__jit_name(&names, &arena, 0x1000, text, 5, &start), 4);
	CHECK_STR(text, "xxxx");
	free(line);
}

TEST(file_is_replaced)
{
	setup();
	append_line("1000 10 first one of all\n");
	CHECK_STR(name_at(0x1000), "first one of all");
	CHECK_INT(truncate(map_path, 0), 0);
	CHECK_STR(name_at(0x1000), "");
	append_line("1000 10 second\n");
	CHECK_STR(name_at(0x1000), "second");
	unlink(map_path);
	CHECK_STR(name_at(0x1000), "");
	append_line("1000 10 another file, which is longer\n");
	CHECK_STR(name_at(0x1000), "another file, which is longer");
}

// Others may write to /tmp.
TEST(planted_files)
{
	char target[80];

	setup();
	append_line("1000 10 mine\n");
	CHECK_INT(chmod(map_path, 0666), 0);
	CHECK_STR(name_at(0x1000), "");
	CHECK_INT(chmod(map_path, 0644), 0);
	CHECK_STR(name_at(0x1000), "mine");
	// An earlier process with this number wrote it, long ago or some time before the start.
	touch_back(365 * 24 * 3600);
	CHECK_STR(name_at(0x1000), "");
	touch_back(600);
	CHECK_STR(name_at(0x1000), unit_emulated() ? text : "");
	touch_back(0);
	CHECK_STR(name_at(0x1000), "mine");
	snprintf(target, sizeof target, "%s.target", map_path);
	CHECK_INT(rename(map_path, target), 0);
	CHECK_INT(symlink(target, map_path), 0);
	CHECK_STR(name_at(0x1000), "");
	unlink(target);
	unlink(map_path);
	CHECK_INT(mkfifo(map_path, 0644), 0);
	CHECK_STR(name_at(0x1000), "");
	if (getuid() == 0) {
		unlink(map_path);
		append_line("1000 10 another user's\n");
		CHECK_INT(chown(map_path, 12345, 12345), 0);
		CHECK_STR(name_at(0x1000), "");
	}
}

struct load {
	uint32_t id, size;
	uint64_t timestamp;
	uint32_t pid, tid;
	uint64_t vma, start, code_size, index;
	char name[8], code[8];
};

struct move {
	uint32_t id, size;
	uint64_t timestamp;
	uint32_t pid, tid;
	uint64_t vma, from, to, code_size, index;
};

static void
dump_remove(void)
{
	unlink(dump_path);
	rmdir(dump_dir);
}

TEST(jitdump)
{
	const uint32_t header[10] = {0x4a695444, 1, 40, 62};
	const struct load one = {
		.size = sizeof one, .start = 0x1000, .code_size = 0x10, .name = "one"};
	const struct load two = {
		.size = sizeof two, .start = 0x2000, .code_size = 8, .name = "two"};
	const struct move move = {
		.id = 1, .size = sizeof move, .from = 0x1000, .to = 0x3000, .code_size = 0x10};
	const uint32_t other[6] = {4, 24};
	const uint32_t bad[4] = {0, 3};
	int fd;

	setup();
	CHECK(mkdtemp(dump_dir) != NULL);
	snprintf(dump_path, sizeof dump_path, "%s/jit-%d.dump", dump_dir, (int)getpid());
	atexit(dump_remove);
	append(dump_path, header, sizeof header);
	append(dump_path, &one, sizeof one);
	append(dump_path, &two, 30); // it is being written
	CHECK_STR(name_at(0x1008), "");
	fd = open(dump_path, O_RDONLY);
	CHECK(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) != MAP_FAILED);
	close(fd);
	CHECK_STR(name_at(0x1008), "one");
	CHECK_STR(name_at(0x2000), "");
	append(dump_path, (const char *)&two + 30, sizeof two - 30);
	append(dump_path, other, sizeof other);
	append(dump_path, &move, sizeof move);
	CHECK_STR(name_at(0x2000), "two");
	CHECK_INT(start, 0x2000);
	CHECK_STR(name_at(0x300f), "one");
	append(dump_path, bad, sizeof bad);
	append(dump_path, &one, sizeof one);
	CHECK_STR(name_at(0x2000), "two");
	append_line("1000 10 by map\n"); // is looked at first
	CHECK_STR(name_at(0x1008), "by map");
	CHECK_STR(name_at(0x2000), "two");
}

TEST(symbolizer_uses_them)
{
	struct rcgo_frame frames[4];
	char line[64];
	uintptr_t code = (uintptr_t)mmap(
		NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	setup();
	CHECK_INT(rcgo__symbolize_code(code + 5, frames, 4, text, sizeof text), 1);
	CHECK_STR(frames[0].function, "[JIT]");
	snprintf(line, sizeof line, "%lx 10 trace_1\n", (unsigned long)code);
	append_line(line);
	CHECK_INT(rcgo__symbolize_code(code + 5, frames, 4, text, sizeof text), 1);
	CHECK_STR(frames[0].function, "trace_1");
	CHECK_INT(frames[0].entry, code);
	CHECK(frames[0].file == NULL);
	CHECK_INT(rcgo__symbolize_code(code + 0x10, frames, 4, text, sizeof text), 1);
	CHECK_STR(frames[0].function, "[JIT]");
}

// Profiles are named when they end, and by then a compiler may have freed its code.
TEST(code_that_is_gone)
{
	struct rcgo_frame frames[4];
	uintptr_t pcs[8] = {0};
	uintptr_t code = (uintptr_t)mmap(
		NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ucontext_t context;

	if (!RCGO_MODULE_GENERATIONS) {
		unit_skip("a program counter has no room for a generation");
	}
	CHECK_INT(getcontext(&context), 0);
	RCGO_FRAME_SET_PC(&context, code + 8);
	CHECK(rcgo__unwind_sample(&context, NULL, pcs, UNIT_COUNTOF(pcs)) > 0);
	CHECK_INT(munmap((void *)code, 4096), 0);
	CHECK_INT(rcgo__symbolize_code(pcs[0], frames, 4, text, sizeof text), 1);
	CHECK_STR(frames[0].function, "[JIT]");
}

UNIT_MAIN(UNIT_TEST(perf_map), UNIT_TEST(later_lines_replace), UNIT_TEST(long_lines_are_cut),
	UNIT_TEST(file_is_replaced), UNIT_TEST(planted_files), UNIT_TEST(jitdump),
	UNIT_TEST(symbolizer_uses_them), UNIT_TEST(code_that_is_gone))
