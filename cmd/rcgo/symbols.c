// SPDX-License-Identifier: BSD-3-Clause
// Symbolizes addresses, with the symbolizer of backtrace/, a demangler, and the conventions of
// binutils.
#include "symbols.h"

#include "rcgo.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "symbolizer_internal.h"

#define ADDRESS_SPACE ((size_t)2 << 30) // pages are taken as needed

static const char *
open_error(int err)
{
	return err == -ENOEXEC ? "it is no ELF file" : strerror(-err);
}

void
symbols_open(struct symbols *s, const char *program, const char *debug)
{
	const char *path = debug != NULL ? debug : program;
	int err = rcgo__elf_open(&s->elf, program);

	if (err != 0) {
		fail(fmt("cannot read %s: %s", program, open_error(err)), NULL,
			"name the program with -e");
	}
	err = rcgo__arena_init(&s->arena, ADDRESS_SPACE);
	if (err == 0) {
		err = rcgo__object_open(&s->arena, path, (struct rcgo_bytes){0}, &s->object);
	}
	if (err != 0) {
		fail(fmt("cannot read %s: %s", path, open_error(err)), NULL, NULL);
	}
	// The debug file of a stripped program has more symbols than the program.
	if (s->object->file.elf.image.size != 0) {
		rcgo__symtab_add(&s->table, &s->object->file.elf);
	} else if (debug != NULL) {
		rcgo__symtab_add(&s->table, &s->object->elf);
	}
	rcgo__symtab_add(&s->table, &s->elf);
}

void
symbols_close(struct symbols *s)
{
	rcgo__object_close(s->object);
	rcgo__elf_close(&s->elf);
	rcgo__arena_free(&s->arena);
}

bool
symbols_has(const struct symbols *s, uint64_t address)
{
	struct rcgo_section section;

	for (uint32_t i = 0; rcgo__elf_section_at(&s->elf, i, &section); i++) {
		if ((section.flags & SHF_ALLOC) != 0 && (section.flags & SHF_TLS) == 0 &&
			address >= section.address && address - section.address < section.size) {
			return true;
		}
	}
	return s->elf.section_count == 0;
}

// Finds the nearest symbol before an address, even if it ends before the address, as binutils does
// for code without debug information.
static bool
nearest(struct symbols *s, uint64_t address, struct rcgo_symbol *symbol)
{
	if (++s->lookups == 2) {
		rcgo__symtab_sort(&s->table, &s->arena);
	}
	return rcgo__symtab_find(&s->table, address, symbol);
}

size_t
symbols_frames(struct symbols *s, uint64_t address, struct rcgo_frame *frames, size_t max)
{
	size_t n = rcgo__object_frames(s->object, address, frames, max);
	struct rcgo_symbol symbol;

	s->discriminator = n > 0 ? s->object->debug.discriminator : 0;
	if (n == 0) {
		frames[0] = (struct rcgo_frame){0};
	}
	if (n <= 1 && (frames[0].function == NULL || frames[0].file == NULL) &&
		nearest(s, address, &symbol)) {
		if (frames[0].function == NULL) {
			frames[0].function = symbol.name;
			frames[0].entry = symbol.address;
		}
		if (frames[0].file == NULL) {
			frames[0].file = symbol.file;
		}
		n = 1;
	}
	return n;
}

bool
symbols_address(const struct symbols *s, const char *name, uint64_t *address)
{
	for (uint32_t i = 0; i < s->table.source_count; i++) {
		const struct rcgo_symtab_source *source = &s->table.sources[i];

		for (uint32_t k = 1; k < source->count; k++) {
			struct rcgo_symtab_raw raw;
			const char *have;

			if (!rcgo__symtab_read(source, k, &raw)) {
				continue;
			}
			have = rcgo__bytes_string(source->strings, raw.name);
			if (have != NULL && strcmp(have, name) == 0) {
				*address = raw.address;
				return true;
			}
		}
	}
	return false;
}

// Some symbols begin with dots or dollars, and some have a version after an @. Only the part
// between them is demangled.
const char *
symbols_demangle(const char *name, bool no_recurse_limit)
{
	static char *last;
	size_t before = strspn(name, ".$");
	const char *version = strchr(name + before, '@');
	char *proper = xstrdup(name + before);
	char *plain;

	if (version != NULL) {
		proper[version - name - (ptrdiff_t)before] = 0;
	}
	plain = demangle_name(proper, no_recurse_limit);
	free(proper);
	if (plain == NULL) {
		return name;
	}
	free(last);
	last = fmt("%.*s%s%s", (int)before, name, plain, version != NULL ? version : "");
	free(plain);
	return last;
}

const char *
symbols_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}
