// SPDX-License-Identifier: BSD-3-Clause
// Caches and searches the .debug_frame or .eh_frame of objects without .eh_frame_hdr, found by the
// object's file. Safe in signal handlers, on any stack: large buffers are mapped.
// Contract: DWARF 5, section 6.4.1; elf(5).

//rcgo:small

#include "debug_frame.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch_bytes.h"
#include "raw_syscall.h"
#include "safe_read.h"
#include "syscall_trial.h"

// The maximum number of objects without other unwind information.
#define CACHED_SECTIONS 16

// The section of one object. The thread that claims key writes it once; ready is stored last.
struct cached_section {
	uintptr_t key;
	struct rcgo_debug_entry *entry; // sorted by start
	size_t count;
	struct rcgo_frame_section section;
	bool ready;
};

// owner: the thread that set a slot's key; lock: key, never waited for; ordering: that of ready
static struct cached_section cached_sections[CACHED_SECTIONS];

// One entry of the section, CIE or FDE.
struct debug_entry_header {
	const uint8_t *at;   // after the id field
	const uint8_t *next; // after the entry
	uint64_t id;
	bool wide, is_cie;
};

static bool
read_debug_entry_header(const uint8_t *at, const uint8_t *end, struct debug_entry_header *p)
{
	uint64_t size;

	if (end - at < 8) {
		return false;
	}
	size = rcgo__arch_number(at, 4);
	at += 4;
	p->wide = size == 0xffffffff;
	if (p->wide) {
		if (end - at < 16) {
			return false;
		}
		size = rcgo__arch_number(at, 8);
		at += 8;
	}
	if (size > (uint64_t)(end - at) || size < (p->wide ? 8u : 4u)) {
		return false;
	}
	p->next = at + size;
	p->id = rcgo__arch_number(at, p->wide ? 8 : 4);
	p->is_cie = p->id == (p->wide ? UINT64_MAX : UINT32_MAX);
	p->at = at + (p->wide ? 8 : 4);
	return true;
}

// Reports whether FDEs of the CIE at this offset hold plain addresses of this machine's size.
static bool
plain_addresses(const uint8_t *section, size_t size, uint64_t offset)
{
	struct debug_entry_header cie;
	uint8_t version;
	const uint8_t *nul;

	if (offset >= size || !read_debug_entry_header(section + offset, section + size, &cie) ||
		!cie.is_cie || cie.next - cie.at < 4) {
		return false;
	}
	version = cie.at[0];
	nul = memchr(cie.at + 1, 0, (size_t)(cie.next - cie.at - 1));
	if (version < 4) {
		return version == 1 || version == 3;
	}
	return version == 4 && nul != NULL && cie.next - nul > 2 && nul[1] == sizeof(uintptr_t) &&
	       nul[2] == 0;
}

size_t
rcgo__debug_frame_entries(
	const uint8_t *section, size_t size, struct rcgo_debug_entry *entry, size_t max)
{
	const uint8_t *at = section;
	uint64_t good_cie = UINT64_MAX;
	size_t count = 0;
	struct debug_entry_header p;

	while (read_debug_entry_header(at, section + size, &p)) {
		size_t fde = (size_t)(at - section);
		uintptr_t start, length;

		at = p.next;
		if (p.is_cie || p.next - p.at < (ptrdiff_t)(2 * sizeof(uintptr_t))) {
			continue;
		}
		if (p.id != good_cie) {
			if (!plain_addresses(section, size, p.id)) {
				continue;
			}
			good_cie = p.id;
		}
		start = (uintptr_t)rcgo__arch_number(p.at, sizeof start);
		length = (uintptr_t)rcgo__arch_number(p.at + sizeof start, sizeof length);
		if (start == 0 || length == 0 || start + length < start) {
			continue; // a function that the linker discarded
		}
		if (count < max) {
			entry[count] =
				(struct rcgo_debug_entry){start, start + length, (uint32_t)fde};
		}
		count++;
	}
	return count;
}

// Sifts entry i down in a heap of count entries.
static void
sift_entry(struct rcgo_debug_entry *entry, size_t i, size_t count)
{
	struct rcgo_debug_entry e = entry[i];
	size_t child;

	while ((child = 2 * i + 1) < count) {
		if (child + 1 < count && entry[child + 1].start > entry[child].start) {
			child++;
		}
		if (entry[child].start <= e.start) {
			break;
		}
		entry[i] = entry[child];
		i = child;
	}
	entry[i] = e;
}

static void
sort_entries(struct rcgo_debug_entry *entry, size_t count)
{
	size_t in_order = 1;

	while (in_order < count && entry[in_order - 1].start <= entry[in_order].start) {
		in_order++;
	}
	if (in_order >= count) {
		return;
	}
	for (size_t i = count / 2; i-- > 0;) {
		sift_entry(entry, i, count);
	}
	for (size_t n = count; n-- > 1;) {
		struct rcgo_debug_entry e = entry[0];

		entry[0] = entry[n];
		entry[n] = e;
		sift_entry(entry, 0, n);
	}
}

static size_t
section_entries(const struct rcgo_frame_section *section, uintptr_t bias,
	struct rcgo_debug_entry *entry, size_t max)
{
	return section->loaded
		       ? rcgo__eh_frame_entries(section->at, section->size, bias, entry, max)
		       : rcgo__debug_frame_entries(section->at, section->size, entry, max);
}

// Fills a slot that this thread has claimed. Without unwind information it stays empty.
static void
load_section(struct cached_section *s, const struct rcgo_module *m)
{
	size_t count = 0;
	void *entry = MAP_FAILED;

	s->section = rcgo__frame_section(m);
	if (s->section.size != 0) {
		count = section_entries(&s->section, m->bias, NULL, 0);
	}
	if (count != 0) {
		entry = mmap(NULL, count * sizeof *s->entry, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	}
	if (entry != MAP_FAILED) {
		s->entry = entry;
		s->count = section_entries(&s->section, m->bias, entry, count);
		sort_entries(s->entry, count);
	} else if (s->section.size != 0 && !s->section.loaded) {
		munmap(s->section.at, s->section.size);
	}
	rcgo_store_rel(&s->ready, true);
}

// Returns the slot of m, and fills it if it is new. Returns NULL if all slots are taken or another
// thread is filling this one.
static const struct cached_section *
cached_section_of(const struct rcgo_module *m)
{
	for (size_t i = 0; i < CACHED_SECTIONS; i++) {
		uintptr_t key = rcgo_load_rlx(&cached_sections[i].key);

		if (key == 0 && rcgo_cas(&cached_sections[i].key, &key, m->key)) {
			int saved = errno;

			load_section(&cached_sections[i], m);
			errno = saved;
			return &cached_sections[i];
		}
		if (key == m->key) {
			return rcgo_load_acq(&cached_sections[i].ready) ? &cached_sections[i]
									: NULL;
		}
	}
	return NULL;
}

bool
rcgo__debug_frame_find(const struct rcgo_module *m, uintptr_t pc, struct rcgo_debug_frame *out)
{
	const struct cached_section *s = cached_section_of(m);
	uintptr_t address = pc - m->bias;
	size_t lo = 0;
	size_t hi = s != NULL ? s->count : 0;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (s->entry[mid].start <= address) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	if (lo == 0 || address >= s->entry[lo - 1].end) {
		return false;
	}
	out->start = (uintptr_t)s->section.at;
	out->end = out->start + s->section.size;
	out->loaded = s->section.loaded;
	out->fde = out->start + s->entry[lo - 1].fde;
	return true;
}
