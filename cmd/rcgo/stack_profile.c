// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack: builds profiles. Format: github.com/google/pprof proto/profile.proto
#include "stack_profile.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "checksum.h"
#include "clock.h"

// Field numbers of profile.proto.
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRING = 6,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
};

struct buffer {
	uint8_t *at;
	size_t n, room;
};

#define SLOTS 16384
struct entry {
	uint64_t hash;
	char *key;
	uint64_t id;
	struct entry *next;
};
struct table {
	struct entry *slot[SLOTS];
	uint64_t n;
};

struct profile {
	struct buffer out;
	struct table strings, functions, locations;
	unsigned types;
};

static void
put(struct buffer *b, const void *data, size_t n)
{
	if (b->n + n > b->room) {
		b->room = 2 * (b->n + n) + 256;
		b->at = realloc(b->at, b->room);
		if (b->at == NULL) {
			xalloc(SIZE_MAX);
		}
	}
	if (n > 0) {
		memcpy(b->at + b->n, data, n);
		b->n += n;
	}
}

static void
put_varint(struct buffer *b, uint64_t value)
{
	uint8_t bytes[10];
	size_t n = 0;

	do {
		bytes[n] = (uint8_t)(value & 0x7f);
		value >>= 7;
		bytes[n++] |= value != 0 ? 0x80 : 0;
	} while (value != 0);
	put(b, bytes, n);
}

static void
put_number(struct buffer *b, unsigned field, uint64_t value)
{
	put_varint(b, field << 3);
	put_varint(b, value);
}

static void
put_bytes(struct buffer *b, unsigned field, const void *data, size_t n)
{
	put_varint(b, field << 3 | 2);
	put_varint(b, n);
	put(b, data, n);
}

// Appends the message inner to b, and frees it.
static void
put_message(struct buffer *b, unsigned field, struct buffer *inner)
{
	put_bytes(b, field, inner->at, inner->n);
	free(inner->at);
	*inner = (struct buffer){0};
}

// Returns the number of a key, starting with 1. Sets *added if it is new.
static uint64_t
number_of(struct table *t, const char *key, bool *added)
{
	uint64_t hash = fnv1a(FNV1A_START, key, strlen(key));
	struct entry **slot = &t->slot[hash % SLOTS];
	struct entry *e;

	*added = false;
	for (e = *slot; e != NULL; e = e->next) {
		if (e->hash == hash && strcmp(e->key, key) == 0) {
			return e->id;
		}
	}
	e = xalloc(sizeof *e);
	*e = (struct entry){hash, xstrdup(key), ++t->n, *slot};
	*slot = e;
	*added = true;
	return e->id;
}

static uint64_t
string(struct profile *p, const char *s)
{
	bool added;
	uint64_t id;

	if (s == NULL || s[0] == 0) {
		return 0;
	}
	id = number_of(&p->strings, s, &added);
	if (added) {
		put_bytes(&p->out, PROFILE_STRING, s, strlen(s));
	}
	return id;
}

static uint64_t
function(struct profile *p, const struct name *n)
{
	char *key = fmt("%s\n%s", n->function, n->file != NULL ? n->file : "");
	struct buffer b = {0};
	bool added;
	uint64_t id = number_of(&p->functions, key, &added);

	free(key);
	if (added) {
		put_number(&b, 1, id);
		put_number(&b, 2, string(p, n->function));
		put_number(&b, 3, string(p, n->function));
		put_number(&b, 4, string(p, n->file));
		put_message(&p->out, PROFILE_FUNCTION, &b);
	}
	return id;
}

// Returns the number of a location, with the functions that are inlined at it; 0 if the location is
// hidden.
static uint64_t
location(struct profile *p, struct stacks *s, const struct frame *f)
{
	char key[32];
	const struct name *names;
	size_t n = names_of(s, f, &names);
	struct buffer b = {0};
	bool added;
	uint64_t id;

	if (n == 0 || (names[n - 1].hidden && !s->options.runtime)) {
		return 0;
	}
	snprintf(key, sizeof key, "%d:%llx", (int)f->lang, (unsigned long long)f->pc);
	id = number_of(&p->locations, key, &added);
	if (added) {
		put_number(&b, 1, id);
		put_number(&b, 3, f->pc);
		for (size_t i = 0; i < n; i++) {
			struct buffer line = {0};

			put_number(&line, 1, function(p, &names[i]));
			put_number(&line, 2, names[i].line);
			put_message(&b, 4, &line);
		}
		put_message(&p->out, PROFILE_LOCATION, &b);
	}
	return id;
}

static void
value_type(struct profile *p, unsigned field, const char *type, const char *unit)
{
	struct buffer b = {0};

	put_number(&b, 1, string(p, type));
	put_number(&b, 2, string(p, unit));
	put_message(&p->out, field, &b);
}

struct profile *
profile_new(const char *type, const char *unit)
{
	struct profile *p = xalloc(sizeof *p);

	put_bytes(&p->out, PROFILE_STRING, "", 0);
	value_type(p, PROFILE_SAMPLE_TYPE, type, unit);
	p->types = 1;
	put_number(&p->out, PROFILE_TIME, rcgo__clock_ns(CLOCK_REALTIME));
	return p;
}

void
profile_timed(struct profile *p, const char *type, const char *unit, uint64_t period_ns,
	uint64_t duration_ns)
{
	value_type(p, PROFILE_SAMPLE_TYPE, type, unit);
	value_type(p, PROFILE_PERIOD_TYPE, type, unit);
	put_number(&p->out, PROFILE_PERIOD, period_ns);
	put_number(&p->out, PROFILE_DURATION, duration_ns);
	p->types = 2;
}

void
profile_add(struct profile *p, struct stacks *s, const struct stack *stack, const uint64_t *values,
	const struct profile_label *labels, size_t n)
{
	struct buffer b = {0};

	for (size_t i = 0; i < stack->n; i++) {
		uint64_t id =
			stack->frame[i].lang != FRAME_NOTE ? location(p, s, &stack->frame[i]) : 0;

		if (id != 0) {
			put_number(&b, 1, id);
		}
	}
	for (unsigned i = 0; i < p->types; i++) {
		put_number(&b, 2, values[i]);
	}
	for (size_t i = 0; i < n; i++) {
		struct buffer label = {0};

		put_number(&label, 1, string(p, labels[i].key));
		put_number(&label, labels[i].text != NULL ? 2 : 3,
			labels[i].text != NULL ? string(p, labels[i].text)
					       : (uint64_t)labels[i].number);
		put_message(&b, 3, &label);
	}
	put_message(&p->out, PROFILE_SAMPLE, &b);
}

// Writes gzip, which tools expect, in blocks without compression.
void
profile_write(struct profile *p, const char *path)
{
	static const uint8_t head[10] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255};
	FILE *out = output_open(path);
	uint32_t tail[2] = {rcgo__crc32((struct rcgo_bytes){.at = p->out.at, .size = p->out.n}),
		(uint32_t)p->out.n};

	fwrite(head, sizeof head, 1, out);
	for (size_t at = 0; at < p->out.n;) {
		size_t n = p->out.n - at < 65535 ? p->out.n - at : 65535;
		uint8_t block[5] = {at + n == p->out.n, (uint8_t)n, (uint8_t)(n >> 8), (uint8_t)~n,
			(uint8_t)(~n >> 8)};

		fwrite(block, sizeof block, 1, out);
		fwrite(p->out.at + at, n, 1, out);
		at += n;
	}
	fwrite(tail, sizeof tail, 1, out);
	output_close(out, path);
}
