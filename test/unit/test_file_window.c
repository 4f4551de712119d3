// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation: files that are truncated or rewritten while they are in use. A direct read
// of the mapping would end the test with SIGBUS.

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "elf_reader.h"
#include "symbolizer.h"
#include "sigframe.h"
#include "unit.h"
#include "unit_shell.h"

#define SIZE ((size_t)40 * 4096 + 100)

static struct rcgo_elf elf;

// A file that begins as an ELF file and continues with random bytes.
static uint8_t *
make_file(void)
{
	uint8_t *content = malloc(SIZE);

	for (size_t i = 0; i < SIZE; i++) {
		content[i] = (uint8_t)unit_random();
	}
	memset(content, 0, 64);
	memcpy(content, "\177ELF\2\1\1", 7);
	unit_shell_write("file", content, SIZE);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("file")), 0);
	CHECK_INT(elf.image.size, SIZE);
	return content;
}

static bool
is_zero(struct rcgo_bytes b)
{
	for (size_t i = 0; i < b.size; i++) {
		if (b.at[i] != 0) {
			return false;
		}
	}
	return true;
}

TEST(any_part_is_as_in_the_file)
{
	uint8_t *content = make_file();

	for (int i = 0; i < 20000; i++) {
		size_t from = unit_random() % SIZE;
		size_t most = SIZE - from < 9000 ? SIZE - from : 9000;
		size_t n = 1 + unit_random() % most;
		struct rcgo_bytes b = rcgo__bytes_read(elf.image, from, n);

		CHECK_INT(b.size, n);
		CHECK(memcmp(b.at, content + from, n) == 0);
		if (i % 1000 == 999) {
			rcgo__file_window_drop(elf.image.window);
		}
	}
	rcgo__elf_close(&elf);
	free(content);
}

TEST(what_was_truncated_is_zero)
{
	uint8_t *content = make_file();
	struct rcgo_bytes early = rcgo__bytes_read(elf.image, 30 * 4096, 4096), all;

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator does not survive a truncated mapping");
	}
	CHECK_INT(truncate(unit_shell_path("file"), 10 * 4096 + 50), 0);
	all = rcgo__bytes_load(elf.image);
	CHECK(memcmp(all.at, content, 10 * 4096 + 50) == 0);
	CHECK(is_zero(rcgo__bytes_slice(elf.image, 10 * 4096 + 50, 20 * 4096 - 50)));
	CHECK(memcmp(early.at, content + 30 * 4096, 4096) == 0);
	CHECK(is_zero(rcgo__bytes_from(elf.image, 31 * 4096)));
	rcgo__elf_close(&elf);
	free(content);
}

TEST(strings_end_where_the_file_does)
{
	uint8_t *content = make_file();

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator does not survive a truncated mapping");
	}
	memset(content + 4096, 'a', SIZE - 4096);
	unit_shell_write("other", content, SIZE);
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("other")), 0);
	CHECK(rcgo__bytes_string(elf.image, 5000) == NULL);
	rcgo__elf_close(&elf);
	CHECK_INT(rcgo__elf_open(&elf, unit_shell_path("other")), 0);
	CHECK_INT(truncate(unit_shell_path("other"), 20 * 4096), 0);
	CHECK_INT(strlen(rcgo__bytes_string(elf.image, 5000)), 20 * 4096 - 5000);
	rcgo__elf_close(&elf);
	free(content);
}

static bool stop;

// Truncates, restores and overwrites the program in place, as fast as possible.
static void *
replace_file(void *arg)
{
	size_t size;
	uint8_t *content = unit_shell_read("program.orig", &size);
	int fd = open(arg, O_RDWR | O_CLOEXEC);

	CHECK(fd >= 0);
	for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
		CHECK_INT(ftruncate(fd, i % 3 == 0 ? 0 : (off_t)(i * 7919 % size)), 0);
		if (i % 5 == 0) {
			CHECK_INT(pwrite(fd, content + size / 2, size / 2, 0), (ssize_t)(size / 2));
		}
		CHECK_INT(pwrite(fd, content, size, 0), (ssize_t)size);
	}
	close(fd);
	free(content);
	return NULL;
}

// Does what our first-chance handlers do.
static void
on_fault(int sig, siginfo_t *info, void *context)
{
	(void)info;
	if (!rcgo__uc_catch_copy(context)) {
		signal(sig, SIG_DFL);
	}
}

TEST(symbols_in_a_stress_of_truncation)
{
	struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};

	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator does not survive a truncated mapping");
	}
	static const char source[] =
		"#include <stdio.h>\n#include <stdlib.h>\n"
		"static inline int twice(int n) { return printf(\"%d\", n) * 2; }\n"
		"int main(int n, char **v) { return twice(n) + atoi(v[0]); }\n";
	char *path = strdup(unit_shell_path("program"));
	uint64_t main_at;
	unsigned named = 0;
	pthread_t thread;

	CHECK_INT(sigaction(SIGBUS, &act, NULL), 0);
	CHECK_INT(sigaction(SIGSEGV, &act, NULL), 0);
	unit_shell_write("source.c", source, sizeof source - 1);
	unit_shell("gcc -g -O2 -no-pie -o program source.c && cp program program.orig");
	main_at = strtoull(unit_shell_output(NULL, "nm program.orig | grep ' main$'"), NULL, 16);
	CHECK_INT(pthread_create(&thread, NULL, replace_file, path), 0);
	// A fully emulated machine opens few objects in a minute.
	for (unsigned i = 0; i < 3000 / unit_slowness(); i++) {
		struct rcgo_arena arena;
		struct rcgo_object *object;
		struct rcgo_frame frames[8];

		CHECK_INT(rcgo__arena_init(&arena, 64 << 20), 0);
		if (rcgo__object_open(&arena, path, (struct rcgo_bytes){0}, &object) == 0) {
			for (uint64_t at = main_at - 256; at < main_at + 256; at += 16) {
				size_t n = rcgo__object_frames(object, at, frames, 8);

				named += n > 0 && frames[0].function != NULL;
			}
			rcgo__object_close(object);
		}
		rcgo__arena_free(&arena);
	}
	__atomic_store_n(&stop, true, __ATOMIC_RELAXED);
	CHECK_INT(pthread_join(thread, NULL), 0);
	CHECK(named > 0);
	free(path);
}

UNIT_MAIN(UNIT_TEST(any_part_is_as_in_the_file), UNIT_TEST(what_was_truncated_is_zero),
	UNIT_TEST(strings_end_where_the_file_does), UNIT_TEST(symbols_in_a_stress_of_truncation))
