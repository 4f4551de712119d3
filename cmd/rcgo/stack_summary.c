// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: the first and the last lines of the text: the target, and the threads and goroutines
// that are not shown.
#include "stack.h"

#include "symbols.h"

static bool
has_symbols(const struct module *m)
{
	struct rcgo_section section;

	return rcgo__elf_section_find(&m->elf, ".symtab", &section) != 0;
}

static bool
is_narrow(const struct target *t)
{
	const struct rcgo_elf *elf = t->modules > 0 ? &t->module[0]->elf : NULL;

	return elf != NULL && elf->segment_count > 0 && !elf->wide;
}

void
print_head(struct stacks *s)
{
	printf("%s", s->t.label);
	for (size_t i = 0; i < s->go.runtimes; i++) {
		const struct go_runtime *r = &s->go.runtime[i];
		const char *file = symbols_base_name(r->table->module->path);

		printf("%s %s (%s%s%s)", i > 0 ? "," : "", clean_text(file),
			r->version[0] != 0 ? "Go " : "Go of an unknown version",
			r->version[0] != 0 ? r->version + 2 * has_prefix(r->version, "go") : "",
			has_symbols(r->table->module) ? "" : ", stripped");
	}
	if (s->go.runtimes == 0) {
		fputs(is_narrow(&s->t) ? " (a 32-bit program, of which no stacks are read)"
				       : " (no Go in it)",
			stdout);
	}
	printf(": %zu thread%s", s->t.threads, s->t.threads == 1 ? "" : "s");
	if (s->go.runtimes > 0 && s->options.thread == 0) {
		printf(", %zu goroutine%s", s->goroutines_total,
			s->goroutines_total == 1 ? "" : "s");
	}
	if (!s->t.core && s->t.stopped == 0) {
		fputs("; none was stopped", stdout);
	} else if (s->t.together_ns != 0) {
		printf("; %zu stopped together for %.1f ms", s->t.stopped,
			(double)s->t.together_ns / 1e6);
	} else if (!s->t.core) {
		printf("; %zu stopped for a moment", s->t.stopped);
	}
	printf("; %.0f ms\n", s->ms);
	for (size_t i = 0; i < s->go.runtimes; i++) {
		if (s->go.runtime[i].layout == NULL) {
			puts("the Go runtime has a layout that is not known: C frames only");
		} else if (s->go.runtime[i].forked) {
			puts("a child of fork: of Go's threads, only the one that forked is in it");
		}
	}
}

static bool
is_parked(const struct stacks *s, const struct goroutine *g)
{
	return (g->g.status & ~(uint32_t)G_SCAN) == G_WAITING && (!g->system || s->options.runtime);
}

// Counts goroutines by wait reason, which is a small number.
void
print_parked(const struct stacks *s)
{
	size_t by_reason[256] = {0}, parked = 0;
	const char *reasons[256] = {NULL};
	const char *between = ":";

	for (size_t i = 0; i < s->goroutines; i++) {
		const struct goroutine *g = &s->goroutine[i];

		if (is_parked(s, g)) {
			parked++;
			by_reason[g->g.waitreason]++;
			reasons[g->g.waitreason] = g->reason;
		}
	}
	if (parked == 0) {
		return;
	}
	printf("%zu goroutine%s parked", parked, parked == 1 ? "" : "s");
	for (size_t i = 0; i < 256; i++) {
		if (by_reason[i] > 0) {
			printf("%s %zu %s", between, by_reason[i],
				reasons[i] != NULL ? reasons[i] : "waiting");
			between = ",";
		}
	}
	putchar('\n');
}
