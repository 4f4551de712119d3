// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack -folded: one line for each different stack, with the outermost function first and the
// count last, as flame graph tools read it.
#include "stack.h"

#include <stdlib.h>
#include <string.h>

FILE *
output_open(const char *path)
{
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "we");

	if (out == NULL) {
		fail(fmt("cannot write %s: %m", path), NULL, NULL);
	}
	return out;
}

void
output_close(FILE *out, const char *path)
{
	if (ferror(out) != 0 || (out != stdout && fclose(out) != 0)) {
		fail(fmt("cannot write %s: %m", path), NULL, NULL);
	}
}

// Writes a name. A semicolon separates functions in a line, so a colon replaces it in names.
static void
put_name(FILE *out, const struct name *n)
{
	fputs(n->lang == FRAME_C ? "C:" : "", out);
	for (const char *c = n->function; *c != 0; c++) {
		fputc(*c == ';' ? ':' : *c, out);
	}
}

void
fold_line(struct stacks *s, const struct stack *stack, FILE *out)
{
	const char *between = "";

	for (size_t i = stack->n; i-- > 0;) {
		const struct frame *f = &stack->frame[i];
		const struct name *names;
		size_t n = f->lang == FRAME_NOTE ? 0 : names_of(s, f, &names);

		if (f->lang == FRAME_NOTE && f->note != signal_note) {
			fprintf(out, "%s[%s]", between, f->note);
			between = ";";
		}
		for (size_t k = n; k-- > 0;) {
			if (!names[k].hidden || s->options.runtime) {
				fputs(between, out);
				put_name(out, &names[k]);
				between = ";";
			}
		}
	}
}

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

char *
fold_text(struct stacks *s, const struct stack *stack)
{
	char *text = NULL;
	size_t size = 0;
	FILE *out = open_memstream(&text, &size);

	if (out == NULL) {
		xalloc(SIZE_MAX);
	}
	fold_line(s, stack, out);
	if (fclose(out) != 0) {
		xalloc(SIZE_MAX);
	}
	return text;
}

static void
add_line(struct stacks *s, const struct stack *stack, struct strings *lines)
{
	char *text = fold_text(s, stack);

	if (text[0] != 0) {
		strings_add(lines, text);
	}
}

void
print_folded(struct stacks *s, FILE *out)
{
	struct strings lines = {0};

	for (size_t i = 0; i < s->t.threads; i++) {
		const struct thread *th = &s->t.thread[i];

		if (th->stack != NULL && (s->options.all || thread_kind(s, th) != KIND_IDLE)) {
			add_line(s, th->stack, &lines);
		}
	}
	for (size_t i = 0; i < s->goroutines; i++) {
		if (s->goroutine[i].stack != NULL) {
			add_line(s, s->goroutine[i].stack, &lines);
		}
	}
	if (lines.n > 0) {
		qsort(lines.at, lines.n, sizeof *lines.at, by_text);
	}
	for (size_t i = 0, k; i < lines.n; i = k) {
		for (k = i + 1; k < lines.n && strcmp(lines.at[i], lines.at[k]) == 0; k++) {
		}
		fprintf(out, "%s %zu\n", lines.at[i], k - i);
	}
}
