// SPDX-License-Identifier: BSD-3-Clause
// Reads the identity of our runtime/cgo (runtime/base/x_cgo_build_info.c) from programs, libraries,
// archives, processes and core files. Files are untrusted: every offset is checked.
#include "identity.h"

#include <ar.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "build_identity.h"
#include "elf_reader.h"
#include "rcgo_backtrace.h"

// Returns the part of b from offset on, of size bytes or fewer.
static struct rcgo_bytes
part(struct rcgo_bytes b, uint64_t offset, uint64_t size)
{
	struct rcgo_bytes rest = rcgo__bytes_from(b, offset);

	return size < rest.size ? rcgo__bytes_slice(rest, 0, size) : rest;
}

// Returns an identity text that ends within the bytes; NULL if there is none.
static char *
text_in(struct rcgo_bytes b)
{
	const char *s = (const char *)b.at;
	size_t n = b.size == 0 ? 0 : strnlen(s, b.size);

	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~') {
			return NULL;
		}
	}
	return n < b.size && has_prefix(s, RCGO_IDENTITY_NAME " ") ? xstrdup(s) : NULL;
}

// Searches all bytes for the marked text, for programs of Go's internal linker.
static char *
marked(struct rcgo_bytes b)
{
	static const char mark[] = RCGO_IDENTITY_MARK;
	const uint8_t *at;
	char *text = NULL;

	while (text == NULL && (at = memmem(b.at, b.size, mark, sizeof mark - 1)) != NULL) {
		b = rcgo__bytes_from(b, (uint64_t)(at - b.at) + sizeof mark - 1);
		text = text_in(b);
	}
	return text;
}

// Returns whether the bytes are a file of the kind that a program with our runtime/cgo is.
static bool
open_elf(struct rcgo_elf *elf, struct rcgo_bytes b)
{
	return rcgo__elf_from_memory(elf, b) == 0 && !elf->big;
}

static char *
in_note(const struct rcgo_elf *elf)
{
	return text_in(rcgo__elf_note(elf, RCGO_IDENTITY_NAME, RCGO_IDENTITY_NOTE));
}

static char *
in_elf(struct rcgo_bytes b)
{
	struct rcgo_elf elf;
	struct rcgo_segment s;

	if (!open_elf(&elf, b)) {
		return NULL;
	}
	char *text = in_note(&elf);

	for (uint32_t i = 0; text == NULL && rcgo__elf_segment_at(&elf, i, &s); i++) {
		if (s.type == PT_LOAD && (s.flags & PF_W) == 0) {
			text = marked(part(b, s.offset, s.file_size));
		}
	}
	return text;
}

static char *
in_archive(struct rcgo_bytes b)
{
	char *text = NULL;

	b = rcgo__bytes_from(b, SARMAG);
	while (b.size >= sizeof(struct ar_hdr) && text == NULL) {
		const struct ar_hdr *h = (const void *)b.at;
		char size[sizeof h->ar_size + 1] = {0};

		memcpy(size, h->ar_size, sizeof h->ar_size);
		uint64_t n = strtoull(size, NULL, 10);

		text = in_elf(part(b, sizeof *h, n));
		b = rcgo__bytes_from(b, sizeof *h + n + (n & 1));
	}
	return text;
}

static struct rcgo_bytes
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct rcgo_bytes b = {0};
	struct stat st;

	if (fd < 0) {
		return b;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		errno = S_ISREG(st.st_mode) ? errno : EINVAL;
	} else if (st.st_size == 0) {
		errno = ENOEXEC;
	} else {
		void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		b = at == MAP_FAILED ? b
				     : (struct rcgo_bytes){.at = at, .size = (size_t)st.st_size};
	}
	int err = errno;

	close(fd);
	errno = err;
	return b;
}

#define PAGE 4096

// Where an identity is searched among the modules of a target.
struct search {
	const struct rcgo_target *target;
	const char *pid; // NULL: a core file
	bool files;	 // in the files, else in the first page of each, which has the notes
	char *text, *file;
};

// The identity in the file of a module: by the kernel's link, which is the mapped file even when
// another has its name now, or by the name.
static char *
in_module_file(const struct search *s, const struct rcgo_target_module *m)
{
	char *text = NULL, *ignored;

	if (s->pid != NULL) {
		text = identity_of_file(fmt("/proc/%s/map_files/%" PRIx64 "-%" PRIx64, s->pid,
						m->start, m->first_end),
			&ignored);
	}
	return text != NULL ? text : in_elf(map_file(m->path));
}

static bool
in_module(const struct rcgo_target_module *m, void *arg)
{
	struct search *s = arg;
	unsigned char page[PAGE];
	struct rcgo_elf elf;

	if (m->offset != 0 || m->path[0] != '/') {
		return false;
	}
	if (s->files) {
		s->text = in_module_file(s, m);
	} else {
		struct rcgo_bytes b = {.at = page,
			.size = rcgo_target_read(s->target, m->start, page, sizeof page)};

		s->text = open_elf(&elf, b) ? in_note(&elf) : NULL;
	}
	s->file = s->text != NULL ? xstrdup(m->path) : NULL;
	return s->text != NULL;
}

// A core file contains the first pages of the mapped files; if it does not, they are
// read from the files.
static char *
in_core(const char *path, char **why)
{
	struct rcgo_target target;
	struct search s = {.target = &target};
	int err = rcgo_target_open_core(&target, path);

	if (err != 0) {
		*why = xstrdup(strerror(-err));
		return NULL;
	}
	rcgo_target_each_module(&target, in_module, &s);
	s.files = true;
	if (s.text == NULL) {
		rcgo_target_each_module(&target, in_module, &s);
	}
	rcgo_target_close(&target);
	return s.text;
}

// Returns the identity in a file. Returns NULL if there is none; sets *why if the file is of a kind
// that cannot have one.
char *
identity_of_file(const char *path, char **why)
{
	struct rcgo_bytes b = map_file(path);
	struct rcgo_elf elf;

	*why = NULL;
	if (b.at == NULL) {
		*why = xstrdup(errno == ENOEXEC ? "empty file" : strerror(errno));
		return NULL;
	}
	if (b.size >= SARMAG && memcmp(b.at, ARMAG, SARMAG) == 0) {
		return in_archive(b);
	}
	if (!open_elf(&elf, b)) {
		*why = xstrdup("not an ELF file or archive");
		return NULL;
	}
	return elf.type == ET_CORE ? in_core(path, why) : in_elf(b);
}

// Returns the identity in a process: that of the program, or else of a loaded library, whose path
// is stored in *file.
char *
identity_of_process(const char *pid, char **file, char **why)
{
	struct rcgo_target target;
	struct search s = {.target = &target, .pid = pid, .files = true};
	char *text;

	*file = program_of(pid);
	if (*file == NULL) {
		*why = xstrdup(strerror(errno));
		return NULL;
	}
	text = identity_of_file(*file, why);
	if (text != NULL || *why != NULL || rcgo_target_open_process(&target, atoi(pid)) != 0) {
		return text;
	}
	rcgo_target_each_module(&target, in_module, &s);
	rcgo_target_close(&target);
	*file = s.file != NULL ? s.file : *file;
	return s.text;
}

// Returns the value of NAME=VALUE in the text; "" if it is missing.
char *
identity_field(const char *text, const char *name)
{
	char *key = fmt(" %s=", name);
	const char *at = strstr(text, key);

	at = at == NULL ? "" : at + strlen(key);
	return strndup(at, strcspn(at, " "));
}
