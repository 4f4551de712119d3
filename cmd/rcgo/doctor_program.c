// SPDX-License-Identifier: BSD-3-Clause
// rcgo doctor BIN: the requirements of a built program at run time, and the content of
// its crash reports.
#include "doctor.h"
#include "identity.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __aarch64__
#	define OTHER_MACHINE(m) ((m) != EM_AARCH64)
#else
#	define OTHER_MACHINE(m) ((m) != EM_X86_64)
#endif

// A program that was read whole. Every access is checked against its size.
struct program {
	const char *data;
	size_t size, sections;
	const Elf64_Shdr *section;
	const char *names;
	size_t names_size;
};

// Returns n bytes at an offset, or NULL if they are not in the file.
static const void *
bytes(const struct program *p, uint64_t offset, uint64_t n)
{
	return offset <= p->size && n <= p->size - offset ? p->data + offset : NULL;
}

// Returns the string at an offset of a string table, or "" if it does not end there.
static const char *
string_at(const char *table, size_t size, uint64_t offset)
{
	if (table == NULL || offset >= size ||
		memchr(table + offset, '\0', size - offset) == NULL) {
		return "";
	}
	return table + offset;
}

static struct problem *
program_open(struct program *p, const char *path)
{
	p->data = read_file(path, &p->size);
	if (p->data == NULL) {
		return problem(fmt("cannot read %s", path), NULL, "name a program");
	}
	const Elf64_Ehdr *e = bytes(p, 0, sizeof *e);

	if (e == NULL || memcmp(e->e_ident, ELFMAG, SELFMAG) != 0 ||
		e->e_ident[EI_CLASS] != ELFCLASS64 || e->e_ident[EI_DATA] != ELFDATA2LSB) {
		return problem(fmt("%s is not a 64-bit ELF file", path), NULL,
			"name a program or library");
	}
	p->sections = e->e_shnum;
	p->section = bytes(p, e->e_shoff, (uint64_t)e->e_shnum * sizeof *p->section);
	if (p->section == NULL || e->e_shstrndx >= p->sections) {
		return problem(
			fmt("%s has no sections", path), NULL, "name the program as it was linked");
	}
	p->names_size = p->section[e->e_shstrndx].sh_size;
	p->names = bytes(p, p->section[e->e_shstrndx].sh_offset, p->names_size);
	if (OTHER_MACHINE(e->e_machine)) {
		finding(LEVEL_WARN, "machine", "the program is for another CPU than this rcgo",
			"run rcgo doctor on a machine of that kind for the rest");
	}
	return NULL;
}

static const Elf64_Shdr *
section_of_type(const struct program *p, uint32_t type)
{
	for (size_t i = 0; i < p->sections; i++) {
		if (p->section[i].sh_type == type) {
			return &p->section[i];
		}
	}
	return NULL;
}

static bool
has_section(const struct program *p, const char *name)
{
	for (size_t i = 0; i < p->sections; i++) {
		if (strcmp(string_at(p->names, p->names_size, p->section[i].sh_name), name) == 0) {
			return true;
		}
	}
	return false;
}

// Returns the string table of a section, and its size.
static const char *
strings_of(const struct program *p, const Elf64_Shdr *s, size_t *size)
{
	if (s == NULL || s->sh_link >= p->sections) {
		return NULL;
	}
	*size = p->section[s->sh_link].sh_size;
	return bytes(p, p->section[s->sh_link].sh_offset, *size);
}

// The newest version of glibc that a program demands.
struct demand {
	unsigned minor;
	uint16_t index; // of the version, in .gnu.version
};

// Looks for the newest GLIBC_2.N among the versions that the program needs.
static struct demand
newest_glibc(const struct program *p)
{
	const Elf64_Shdr *s = section_of_type(p, SHT_GNU_verneed);
	struct demand d = {0};
	size_t size = 0;
	const char *text = strings_of(p, s, &size);
	uint64_t at = s == NULL ? 0 : s->sh_offset;

	for (size_t i = 0; s != NULL && i < s->sh_info; i++) {
		const Elf64_Verneed *need = bytes(p, at, sizeof *need);
		uint64_t aux_at = need == NULL ? 0 : at + need->vn_aux;

		for (size_t j = 0; need != NULL && j < need->vn_cnt; j++) {
			const Elf64_Vernaux *aux = bytes(p, aux_at, sizeof *aux);
			unsigned minor;

			if (aux == NULL) {
				break;
			}
			if (sscanf(string_at(text, size, aux->vna_name), "GLIBC_2.%u", &minor) ==
					1 &&
				minor > d.minor) {
				d = (struct demand){minor, aux->vna_other};
			}
			aux_at += aux->vna_next;
		}
		if (need == NULL || need->vn_next == 0) {
			break;
		}
		at += need->vn_next;
	}
	return d;
}

// Returns the symbols of this version, for a message.
static char *
symbols_of_version(const struct program *p, uint16_t index)
{
	const Elf64_Shdr *s = section_of_type(p, SHT_DYNSYM);
	const Elf64_Shdr *v = section_of_type(p, SHT_GNU_versym);
	size_t size = 0, found = 0, n = s == NULL ? 0 : s->sh_size / sizeof(Elf64_Sym);
	const char *text = strings_of(p, s, &size);
	const Elf64_Sym *symbols = s == NULL ? NULL : bytes(p, s->sh_offset, s->sh_size);
	const uint16_t *versions = v == NULL ? NULL : bytes(p, v->sh_offset, n * sizeof *versions);
	char *out = xstrdup("");

	for (size_t i = 0; symbols != NULL && versions != NULL && i < n; i++) {
		if ((versions[i] & 0x7fff) != index) {
			continue;
		}
		if (++found <= 4) {
			out = fmt("%s%s%s", out, found > 1 ? ", " : "",
				string_at(text, size, symbols[i].st_name));
		}
	}
	return found > 4 ? fmt("%s and %zu more", out, found - 4) : out;
}

static void
report_glibc(const struct program *p)
{
	struct demand d = newest_glibc(p);

	if (section_of_type(p, SHT_DYNAMIC) == NULL) {
		finding(LEVEL_OK, "C library", "linked statically: runs with any", NULL);
	} else if (d.minor == 0) {
		finding(LEVEL_OK, "C library", "demands no version of glibc", NULL);
	} else {
		finding(LEVEL_OK, "C library",
			fmt("demands glibc 2.%u or newer, by %s", d.minor,
				symbols_of_version(p, d.index)),
			"to run on older systems, build on the oldest of them, or statically");
	}
}

static void
report_half(const char *path)
{
	char *why, *text = identity_of_file(path, &why);

	if (why != NULL) {
		finding(LEVEL_FAIL, "runtime/cgo", why, NULL);
	} else if (text == NULL) {
		finding(LEVEL_WARN, "runtime/cgo", "stock, or none", "build it with rcgo build");
	} else {
		finding(LEVEL_OK, "runtime/cgo",
			fmt("%s, of rcgo %s, for %s", identity_field(text, "payload"),
				identity_field(text, "version"), identity_field(text, "go")),
			NULL);
	}
}

static void
report_names(const struct program *p)
{
	if (has_section(p, ".debug_info") || has_section(p, ".zdebug_info")) {
		finding(LEVEL_OK, "debug info", "C frames have names, files and lines", NULL);
	} else if (section_of_type(p, SHT_SYMTAB) != NULL) {
		finding(LEVEL_WARN, "debug info", "none: C frames have names only",
			"build without -ldflags=-w, or keep the debug information in a file "
			"beside it: objcopy --only-keep-debug, --add-gnu-debuglink");
	} else {
		finding(LEVEL_WARN, "debug info", "stripped: C frames have addresses only",
			"keep the program as it was linked, for rcgo symbolize; or keep a debug "
			"file beside it: objcopy --only-keep-debug, --add-gnu-debuglink");
	}
}

void
doctor_program(const char *path)
{
	struct program p = {0};
	struct problem *failed = program_open(&p, path);

	if (failed != NULL) {
		finding_of(LEVEL_FAIL, "program", failed);
		return;
	}
	finding(LEVEL_OK, "program", path, NULL);
	report_half(path);
	report_glibc(&p);
	report_names(&p);
}
