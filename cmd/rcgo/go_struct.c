// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: reads structures of Go's runtime, g and m, by the offsets of a layout.
#include "stack_go.h"

#include <stdlib.h>

#define DATA_MAX ((uint64_t)256 << 20)

static uint64_t
field(const uint8_t *bytes, size_t at)
{
	return rcgo__get64(bytes + at, false);
}

bool
go_parse_m(const struct go_layout *l, uint64_t address, const uint8_t *bytes, struct go_m *m)
{
	*m = (struct go_m){
		.address = address,
		.g0 = field(bytes, M_G0),
		.gsignal = field(bytes, l->gsignal),
		.curg = field(bytes, l->curg),
		.lockedg = field(bytes, l->lockedg),
		.procid = field(bytes, l->procid),
		.next = field(bytes, l->alllink),
		.ncgo = (int32_t)rcgo__get32(bytes + l->ncgo, false),
	};
	return m->g0 != 0 && m->procid <= INT32_MAX && m->ncgo >= 0 && m->ncgo < 10000;
}

void
go_parse_g(const struct go_layout *l, uint64_t address, const uint8_t *bytes, struct go_g *g)
{
	*g = (struct go_g){
		.address = address,
		.lo = field(bytes, G_STACK_LO),
		.hi = field(bytes, G_STACK_HI),
		.m = field(bytes, G_M),
		.sched_sp = field(bytes, G_SCHED_SP),
		.sched_pc = field(bytes, G_SCHED_PC),
		.syscallsp = field(bytes, l->syscallsp),
		.syscallpc = field(bytes, l->syscallpc),
		.status = rcgo__get32(bytes + l->status, false),
		.goid = field(bytes, l->goid),
		.waitsince = (int64_t)field(bytes, l->waitsince),
		.waitreason = bytes[l->waitreason],
		.gopc = field(bytes, l->gopc),
		.startpc = field(bytes, l->startpc),
		.lockedm = field(bytes, l->lockedm),
	};
}

// Reads an M. Sets *whole if it is complete: an M that is being created is in the
// list without a g0.
bool
go_read_m(
	struct target *t, const struct go_layout *l, uint64_t address, struct go_m *m, bool *whole)
{
	uint8_t bytes[M_SIZE];
	uint64_t g0[G_M / 8 + 1] = {0};

	*whole = false;
	if (address % 8 != 0 || !target_read(t, address, bytes, sizeof bytes)) {
		return false;
	}
	if (!go_parse_m(l, address, bytes, m)) {
		return m->g0 == 0;
	}
	*whole = m->g0 % 8 == 0 && target_read_near(t, m->g0, g0, sizeof g0) &&
		 g0[G_M / 8] == address;
	m->g0_lo = g0[G_STACK_LO / 8];
	m->g0_hi = g0[G_STACK_HI / 8];
	return *whole || g0[G_M / 8] == 0;
}

uint8_t *
go_read_data(struct target *t, const struct go_table *table, size_t *size)
{
	uint64_t n = table->data_end - table->data;
	uint8_t *bytes;

	*size = 0;
	if (table->data_end <= table->data || n > DATA_MAX || table->data % 8 != 0) {
		return NULL;
	}
	bytes = xalloc((size_t)n + 8);
	*size = target_read_some(t, table->data, bytes, (size_t)n);
	return bytes;
}

uint64_t
go_lowest_sp(const struct go_g *g)
{
	return g->syscallsp != 0 && g->syscallsp < g->sched_sp ? g->syscallsp : g->sched_sp;
}

void
go_note_curg(struct go_m *m, const struct go_g *curg)
{
	uint64_t sp = go_lowest_sp(curg);

	if (sp > curg->lo && sp < curg->hi) {
		m->curg_sp = sp;
		m->curg_hi = curg->hi;
	}
}

void
go_ms_add(struct go_ms *list, const struct go_m *m)
{
	if (list->n == list->room) {
		list->room = 2 * list->room + 32;
		list->m = realloc(list->m, list->room * sizeof *list->m);
		if (list->m == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	list->m[list->n] = *m;
	list->m[list->n].order = (uint32_t)list->n;
	list->n++;
}
