// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: which code is Go's. A program that is built with this part knows its own. The
// bounds of all other Go code come from the moduledata among an object's variables: of a program
// that was built by plain go, and of a library with a Go runtime of its own. Go's libraries are
// never unloaded.
// Contract: elf(5).

//rcgo:small

#include <elf.h>
#include <link.h>
#include <string.h>

#include "go_text.h"
#include "heap_profiling.h"
#include "heap_record.h"
#include "module.h"
#include "safe_read.h"

#define MODULE_WORDS 44
#define TABLE_HEAD 72

// The words of a moduledata, and of the table that its first word points to. The layout is that of
// struct rcgo_go_module in default_hooks.h, which the checks compare with every Go.
enum { MD_NAMES = 1, MD_FUNCTIONS = 13, MD_FTAB_LEN = 17, MD_TEXT = 22, MD_ETEXT = 23 };

// More libraries with a Go runtime are not looked for: their allocations have C frames only.
#define GO_OBJECTS 8

// Objects whose Go code has been searched for, in the order of the search.
// owner: rcgo__heap_add_go; lock: go_objects_lock, readers need none; ordering: the count is
// stored last, with release
static struct {
	uintptr_t start, end;	   // the object
	uintptr_t text, text_size; // its Go code, if any
} go_objects[GO_OBJECTS];
// owner: rcgo__heap_add_go; lock: go_objects_lock; ordering: release and acquire
static uint32_t go_objects_used;
// owner: rcgo__heap_find_go; lock: itself; ordering: its own
static uint32_t go_objects_lock;

bool
rcgo__heap_in_go(uintptr_t pc)
{
	uint32_t n = rcgo_load_acq(&go_objects_used);

	if (rcgo__in_go_text(pc)) {
		return true;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (pc - go_objects[i].text < go_objects[i].text_size) {
			return true;
		}
	}
	return false;
}

static bool
is_moduledata(const uint64_t *w, const struct rcgo_heap_object *object)
{
	const uint8_t *table = (const uint8_t *)w[0];
	uint64_t head[TABLE_HEAD / 8];
	uint32_t magic;

	if (w[0] < object->start || w[0] > object->end - TABLE_HEAD || w[0] % 8 != 0) {
		return false;
	}
	memcpy(&magic, table, sizeof magic);
	memcpy(head, table, sizeof head);
	return (magic == 0xfffffff1 || magic == 0xfffffff0) && table[4] == 0 && table[5] == 0 &&
	       (table[6] == 1 || table[6] == 4) && table[7] == 8 && w[MD_NAMES] == w[0] + head[4] &&
	       w[MD_FUNCTIONS] == w[0] + head[8] && w[MD_FTAB_LEN] == head[1] + 1 &&
	       w[MD_TEXT] < w[MD_ETEXT];
}

// Searches the object's variables, which the loader has relocated.
static const uint64_t *
find_moduledata(const struct rcgo_heap_object *object)
{
	const ElfW(Phdr) *phdr = object->phdr;

	for (size_t i = 0; i < object->phdrs; i++) {
		uintptr_t lo = object->bias + phdr[i].p_vaddr, hi = lo + phdr[i].p_filesz;

		if (phdr[i].p_type != PT_LOAD || (phdr[i].p_flags & PF_W) == 0) {
			continue;
		}
		lo = (lo + 7) & ~(uintptr_t)7;
		for (; lo + MODULE_WORDS * 8 <= hi; lo += 8) {
			if (is_moduledata((const uint64_t *)lo, object)) {
				return (const uint64_t *)lo;
			}
		}
	}
	return NULL;
}

uintptr_t
rcgo__heap_add_go(const struct rcgo_heap_object *object)
{
	const uint64_t *module = find_moduledata(object);
	uint32_t n = go_objects_used;

	if (n == GO_OBJECTS) {
		return 0;
	}
	go_objects[n].start = object->start;
	go_objects[n].end = object->end;
	go_objects[n].text = module != NULL ? module[MD_TEXT] : 0;
	go_objects[n].text_size = module != NULL ? module[MD_ETEXT] - module[MD_TEXT] : 0;
	rcgo_store_rel(&go_objects_used, n + 1);
	return (uintptr_t)module;
}

void
rcgo__heap_go_text(uintptr_t *start, uintptr_t *end)
{
	*start = go_objects[0].text;
	*end = *start + go_objects[0].text_size;
}

// Returns whether the object that contains pc has been searched; then stores whether Go code was
// found in it.
static bool
was_searched(uintptr_t pc, bool *has_go)
{
	uint32_t n = rcgo_load_acq(&go_objects_used);

	for (uint32_t i = 0; i < n; i++) {
		if (pc >= go_objects[i].start && pc < go_objects[i].end) {
			*has_go = go_objects[i].text_size != 0;
			return true;
		}
	}
	return false;
}

// The program headers follow the ELF header, in the first page.
static bool
object_of(const struct rcgo_module *module, struct rcgo_heap_object *object)
{
	ElfW(Ehdr) head;

	if (!rcgo__copy_nofault(&head, (const void *)module->start, sizeof head) ||
		memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 ||
		head.e_phentsize != sizeof(ElfW(Phdr)) || head.e_phoff > RCGO_NOFAULT_PAGE ||
		head.e_phoff + head.e_phnum * sizeof(ElfW(Phdr)) > RCGO_NOFAULT_PAGE) {
		return false;
	}
	*object = (struct rcgo_heap_object){
		.phdr = (const void *)(module->start + head.e_phoff),
		.phdrs = head.e_phnum,
		.start = module->start,
		.end = module->end,
		.bias = module->bias,
	};
	return true;
}

bool
rcgo__heap_find_go(uintptr_t pc)
{
	struct rcgo_heap_object object;
	struct rcgo_module module;
	bool has_go = false;

	if (!was_searched(pc, &has_go)) {
		if (!rcgo__module_find(pc, &module) || !object_of(&module, &object) ||
			!rcgo__heap_lock(&go_objects_lock)) {
			return true;
		}
		if (!was_searched(pc, &has_go)) {
			rcgo__heap_note_go_module(rcgo__heap_add_go(&object));
		}
		rcgo__heap_unlock(&go_objects_lock);
		was_searched(pc, &has_go);
	}
	return !has_go || rcgo__heap_in_go(pc);
}
