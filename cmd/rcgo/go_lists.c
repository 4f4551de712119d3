// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: a runtime's Ms and goroutines.
#include "stack_go.h"

#include <elf.h>

#include <stdlib.h>
#include <string.h>

#define MS_MAX 100000
#define GS_MAX ((uint64_t)100000000)
#define SAMPLE 16

static bool
read_g(struct target *t, const struct go_layout *l, uint64_t address, struct go_g *g)
{
	uint8_t bytes[G_SIZE];

	if (address < 4096 || address % 8 != 0 ||
		!target_read_near(t, address, bytes, sizeof bytes)) {
		return false;
	}
	go_parse_g(l, address, bytes, g);
	return true;
}

// Reads the list of Ms that begins in a variable.
static void
read_list(struct target *t, const struct go_layout *l, uint64_t variable, struct go_ms *list)
{
	uint64_t address;
	struct go_m m;
	struct go_g g;
	bool whole;

	list->n = 0;
	if (!target_word(t, variable, &address)) {
		return;
	}
	for (size_t n = 0; n < MS_MAX && address != 0; n++, address = m.next) {
		if (!go_read_m(t, l, address, &m, &whole)) {
			break;
		}
		if (m.curg != 0 && read_g(t, l, m.curg, &g)) {
			go_note_curg(&m, &g);
		}
		if (whole) {
			go_ms_add(list, &m);
		}
	}
}

static int
by_procid(const void *a, const void *b)
{
	const struct go_m *x = a, *y = b;

	return x->procid != y->procid ? (x->procid > y->procid) - (x->procid < y->procid)
				      : (x->order > y->order) - (x->order < y->order);
}

void
go_take_ms(struct target *t, struct go_runtime *r, struct go_ms *list)
{
	free(r->m);
	r->m = list->m;
	r->ms = list->n;
	r->ms_forgotten = t->forgotten;
	*list = (struct go_ms){0};
	if (r->ms > 0) {
		sort_items(r->m, r->ms, sizeof *r->m, by_procid);
	}
}

// Other variables, such as the list of idle Ms, may temporarily point to the newest M. The longest
// list is that of all Ms.
void
go_read_ms(struct target *t, struct go_runtime *r)
{
	struct go_ms list = {0}, longest = {0};

	if (r->ms > 0 && r->ms_forgotten == t->forgotten) {
		return;
	}
	for (unsigned i = 0; i < r->allms && r->layout != NULL; i++) {
		read_list(t, r->layout, r->allm[i], &list);
		if (list.n > longest.n) {
			struct go_ms shorter = longest;

			longest = list;
			list = shorter;
		}
	}
	go_take_ms(t, r, &longest);
	free(list.m);
}

const struct go_m *
go_m_of_thread(const struct go_runtime *r, uint64_t procid)
{
	size_t lo = 0, hi = r->ms;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;

		if (r->m[mid].procid < procid) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo < r->ms && r->m[lo].procid == procid ? &r->m[lo] : NULL;
}

static bool
is_live(const struct go_g *g)
{
	uint32_t status = g->status & ~(uint32_t)G_SCAN;

	return status != G_DEAD && status != G_IDLE && status != G_DEADEXTRA;
}

static bool
good_g(const struct go_g *g)
{
	uint32_t status = g->status & ~(uint32_t)G_SCAN;
	bool stack = g->lo < g->hi && g->hi - g->lo >= 1024 && g->hi - g->lo <= (uint64_t)1 << 32;

	if (status > G_DEADEXTRA || g->goid > (uint64_t)1 << 48) {
		return false;
	}
	if (!is_live(g)) {
		return stack || (g->lo == 0 && g->hi == 0);
	}
	// A goroutine that does not run has the SP at which it left its stack.
	return stack && g->goid != 0 &&
	       (status != G_WAITING || (g->sched_sp > g->lo && g->sched_sp <= g->hi));
}

// Returns whether the slice at ptr holds goroutines, by a sample of its elements.
static bool
holds_gs(struct target *t, const struct go_layout *l, uint64_t ptr, uint64_t len)
{
	uint64_t step = len / SAMPLE + 1;
	uint64_t address;
	bool live = false;
	struct go_g g;

	for (uint64_t i = 0; i < len; i += step) {
		if (!target_word_near(t, ptr + 8 * i, &address) || !read_g(t, l, address, &g) ||
			!good_g(&g)) {
			return false;
		}
		live |= is_live(&g);
	}
	return live;
}

// Returns whether the slice has a goroutine that an M runs. If no M runs one, any
// slice is accepted.
static bool
holds_curg(struct target *t, const struct go_runtime *r, uint64_t ptr, uint64_t len)
{
	uint64_t curg = 0;
	uint64_t *list;
	bool found = false;

	for (size_t i = 0; i < r->ms && curg == 0; i++) {
		curg = r->m[i].curg;
	}
	if (curg == 0) {
		return true;
	}
	list = xalloc(8 * (size_t)len + 8);
	len = target_read_some(t, ptr, list, 8 * (size_t)len) / 8;
	for (uint64_t i = 0; i < len && !found; i++) {
		found = list[i] == curg;
	}
	free(list);
	return found;
}

// allgs is the longest slice of goroutines among the runtime's variables.
bool
go_find_allgs(struct target *t, struct go_runtime *r)
{
	size_t have;
	uint8_t *bytes = go_read_data(t, r->table, &have);
	uint64_t best = 0;

	for (size_t i = 0; bytes != NULL && i + 24 <= have; i += 8) {
		uint64_t ptr = rcgo__get64(bytes + i, false);
		uint64_t len = rcgo__get64(bytes + i + 8, false);
		uint64_t cap = rcgo__get64(bytes + i + 16, false);

		if (ptr < 4096 || ptr % 8 != 0 || len == 0 || len > cap || cap > GS_MAX ||
			cap > 8 * len + 1024 || len <= best) {
			continue;
		}
		if (holds_gs(t, r->layout, ptr, len) && holds_curg(t, r, ptr, len)) {
			best = len;
			r->allgs = r->table->data + i;
		}
	}
	free(bytes);
	return best > 0;
}

size_t
go_read_gs(
	struct target *t, struct go_runtime *r, struct goroutine **out, size_t max, size_t *total)
{
	uint64_t slice[2], *list;
	size_t n = 0, len;

	*out = NULL;
	*total = 0;
	target_forget(t);
	if (r->layout == NULL || (r->allgs == 0 && !go_find_allgs(t, r)) ||
		!target_read(t, r->allgs, slice, sizeof slice) || slice[1] > GS_MAX) {
		return 0;
	}
	len = (size_t)slice[1];
	list = xalloc(8 * len + 8);
	len = target_read_some(t, slice[0], list, 8 * len) / 8;
	*out = xalloc(((len < max ? len : max) + 1) * sizeof **out);
	for (size_t i = 0; i < len; i++) {
		struct go_g g;

		if (!read_g(t, r->layout, list[i], &g) || !good_g(&g) || !is_live(&g)) {
			continue;
		}
		++*total;
		if (n < max) {
			(*out)[n++] = (struct goroutine){.g = g, .runtime = r};
		}
	}
	free(list);
	return n;
}

// GO: runtime/runtime2.go waitReasonStrings: its second string is this one in every version.
static const char second_reason[] = "GC assist marking";

// Finds the text in the file's read-only data, from *at on, and updates *at.
static bool
find_text(struct rcgo_bytes image, size_t *at)
{
	const uint8_t *found = image.size > *at ? memmem(image.at + *at, image.size - *at,
							  second_reason, sizeof second_reason - 1)
						: NULL;

	if (found == NULL) {
		return false;
	}
	*at = (size_t)(found - image.at);
	return true;
}

// Searches the runtime's data for a string with this text after an empty string.
static uint64_t
find_array(struct target *t, uint64_t lo, uint64_t hi, uint64_t text)
{
	size_t size = hi > lo && hi - lo < (uint64_t)256 << 20 ? (size_t)(hi - lo) : 0;
	uint8_t *bytes = xalloc(size + 8);
	uint64_t found = 1;

	size = target_read_some(t, lo, bytes, size);
	for (size_t i = 16; i + 16 <= size && found == 1; i += 8) {
		if (rcgo__get64(bytes + i, false) == text &&
			rcgo__get64(bytes + i + 8, false) == sizeof second_reason - 1 &&
			rcgo__get64(bytes + i - 8, false) == 0) {
			found = lo + i - 16;
		}
	}
	free(bytes);
	return found;
}

// Searches size bytes at an address of the file for the text.
static uint64_t
find_reasons_in(struct target *t, const struct go_runtime *r, uint64_t address, uint64_t size)
{
	const struct module *m = r->table->module;
	struct rcgo_bytes image = module_bytes(m, m->bias + address);
	uint64_t found = 1;

	image.size = size < image.size ? size : image.size;
	for (size_t at = 0; found == 1 && find_text(image, &at); at++) {
		found = find_array(t, r->table->data, r->table->data_end, m->bias + address + at);
	}
	return found;
}

// The strings are in .rodata, or, if the file has no section headers, in what is only read.
static uint64_t
find_reasons(struct target *t, const struct go_runtime *r)
{
	const struct module *m = r->table->module;
	struct rcgo_section section;
	struct rcgo_segment s;
	uint64_t found = 1;

	if (rcgo__elf_section_find(&m->elf, ".rodata", &section) != 0) {
		return find_reasons_in(t, r, section.address, section.size);
	}
	for (uint32_t i = 0; found == 1 && rcgo__elf_segment_at(&m->elf, i, &s); i++) {
		if (s.type == PT_LOAD && (s.flags & PF_W) == 0) {
			found = find_reasons_in(t, r, s.address, s.file_size);
		}
	}
	return found;
}

const char *
go_wait_reason(struct target *t, struct go_runtime *r, const struct go_g *g)
{
	uint64_t string[2];
	char text[64];

	if (g->waitreason == 0) {
		return NULL;
	}
	if (r->wait_reasons == 0) {
		r->wait_reasons = find_reasons(t, r);
	}
	if (r->wait_reasons == 1 || g->waitreason > 100 ||
		!target_read(
			t, r->wait_reasons + 16 * (uint64_t)g->waitreason, string, sizeof string) ||
		string[1] == 0 || string[1] >= sizeof text ||
		!target_read(t, string[0], text, (size_t)string[1])) {
		return NULL;
	}
	text[string[1]] = 0;
	return xstrdup(text);
}
