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
#include "rcgo_backtrace.h"

struct bytes {
	const unsigned char *at;
	size_t size;
};

static struct bytes
part(struct bytes b, uint64_t offset, uint64_t size)
{
	if (offset > b.size || size > b.size - offset) {
		size = offset > b.size ? 0 : b.size - offset;
		offset = offset > b.size ? b.size : offset;
	}
	return (struct bytes){b.at + offset, (size_t)size};
}

// Returns an identity text that ends within the bytes; NULL if there is none.
static char *
text_in(struct bytes b)
{
	const char *s = (const char *)b.at;
	size_t n = strnlen(s, b.size);

	for (size_t i = 0; i < n; i++) {
		if (s[i] < ' ' || s[i] > '~') {
			return NULL;
		}
	}
	return n < b.size && has_prefix(s, RCGO_IDENTITY_NAME " ") ? xstrdup(s) : NULL;
}

static char *
in_notes(struct bytes b)
{
	Elf64_Nhdr n;

	while (b.size >= sizeof n) {
		memcpy(&n, b.at, sizeof n);
		uint64_t name = ((uint64_t)n.n_namesz + 3) & ~3ULL;
		uint64_t desc = ((uint64_t)n.n_descsz + 3) & ~3ULL;
		struct bytes owner = part(b, sizeof n, n.n_namesz);

		if (owner.size == sizeof RCGO_IDENTITY_NAME &&
			memcmp(owner.at, RCGO_IDENTITY_NAME, owner.size) == 0) {
			char *text = text_in(part(b, sizeof n + name, n.n_descsz));

			if (text != NULL) {
				return text;
			}
		}
		b = part(b, sizeof n + name + desc, b.size);
	}
	return NULL;
}

// Searches all bytes for the marked text, for programs of Go's internal linker.
static char *
marked(struct bytes b)
{
	static const char mark[] = RCGO_IDENTITY_MARK;
	const unsigned char *at;

	while ((at = memmem(b.at, b.size, mark, sizeof mark - 1)) != NULL) {
		b = part(b, (uint64_t)(at - b.at) + sizeof mark - 1, b.size);

		char *text = text_in(b);

		if (text != NULL) {
			return text;
		}
	}
	return NULL;
}

static bool
elf_header(struct bytes b, Elf64_Ehdr *eh)
{
	if (b.size < sizeof *eh || memcmp(b.at, ELFMAG, SELFMAG) != 0 ||
		b.at[EI_CLASS] != ELFCLASS64 || b.at[EI_DATA] != ELFDATA2LSB) {
		return false;
	}
	memcpy(eh, b.at, sizeof *eh);
	return true;
}

// Copies entry number i of a table of headers. Returns whether the file has it.
static bool
entry(struct bytes b, uint64_t table, uint64_t each, unsigned i, void *to, size_t size)
{
	struct bytes header = part(b, table + i * each, size);

	if (header.size == size) {
		memcpy(to, header.at, size);
	}
	return header.size == size;
}

// Calls look for each program header of that type. Returns the first text found.
static char *
in_segments(struct bytes b, const Elf64_Ehdr *eh, uint32_t type, char *(*look)(struct bytes))
{
	char *text = NULL;
	Elf64_Phdr ph;

	for (unsigned i = 0; i < eh->e_phnum && text == NULL &&
			     entry(b, eh->e_phoff, eh->e_phentsize, i, &ph, sizeof ph);
		i++) {
		if (ph.p_type == type && (type != PT_LOAD || (ph.p_flags & PF_W) == 0)) {
			text = look(part(b, ph.p_offset, ph.p_filesz));
		}
	}
	return text;
}

// An unlinked object file has sections only.
static char *
in_sections(struct bytes b, const Elf64_Ehdr *eh)
{
	char *text = NULL;
	Elf64_Shdr sh;

	for (unsigned i = 0; i < eh->e_shnum && text == NULL &&
			     entry(b, eh->e_shoff, eh->e_shentsize, i, &sh, sizeof sh);
		i++) {
		if (sh.sh_type == SHT_NOTE) {
			text = in_notes(part(b, sh.sh_offset, sh.sh_size));
		}
	}
	return text;
}

static char *
in_elf(struct bytes b)
{
	Elf64_Ehdr eh;

	if (!elf_header(b, &eh)) {
		return NULL;
	}
	if (eh.e_type == ET_REL) {
		return in_sections(b, &eh);
	}
	char *text = in_segments(b, &eh, PT_NOTE, in_notes);

	return text != NULL ? text : in_segments(b, &eh, PT_LOAD, marked);
}

static char *
in_archive(struct bytes b)
{
	char *text = NULL;

	b = part(b, SARMAG, b.size);
	while (b.size >= sizeof(struct ar_hdr) && text == NULL) {
		const struct ar_hdr *h = (const void *)b.at;
		char size[sizeof h->ar_size + 1] = {0};

		memcpy(size, h->ar_size, sizeof h->ar_size);
		uint64_t n = strtoull(size, NULL, 10);

		text = in_elf(part(b, sizeof *h, n));
		b = part(b, sizeof *h + n + (n & 1), b.size);
	}
	return text;
}

static struct bytes
map_file(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct bytes b = {NULL, 0};
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

		b = at == MAP_FAILED ? b : (struct bytes){at, (size_t)st.st_size};
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
	Elf64_Ehdr eh;

	if (m->offset != 0 || m->path[0] != '/') {
		return false;
	}
	if (s->files) {
		s->text = in_module_file(s, m);
	} else {
		struct bytes b = {page, rcgo_target_read(s->target, m->start, page, sizeof page)};

		s->text = elf_header(b, &eh) ? in_segments(b, &eh, PT_NOTE, in_notes) : NULL;
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
	struct bytes b = map_file(path);
	Elf64_Ehdr eh;

	*why = NULL;
	if (b.at == NULL) {
		*why = xstrdup(errno == ENOEXEC ? "empty file" : strerror(errno));
		return NULL;
	}
	if (b.size >= SARMAG && memcmp(b.at, ARMAG, SARMAG) == 0) {
		return in_archive(b);
	}
	if (!elf_header(b, &eh)) {
		*why = xstrdup("not a 64-bit ELF file or archive");
		return NULL;
	}
	return eh.e_type == ET_CORE ? in_core(path, why) : in_elf(b);
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
