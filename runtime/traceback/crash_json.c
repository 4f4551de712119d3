// SPDX-License-Identifier: BSD-3-Clause
// The report of a crash as one line of JSON, for crash collectors. Runs in the signal handler, with
// all signals blocked, on a stack of its own.

#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "crash_report.h"
#include "default_dump.h"
#include "kernel.h"
#include "mark.h"
#include "module.h"
#include "report.h"
#include "runtime_cgo.h"
#include "strbuf.h"
#include "symbolizer.h"
#include "syscall_trial.h"
#include "unwinder.h"

#define JSON_FRAMES 1024
#define JSON_INLINED 16
#define JSON_PIECE 4096
#define JSON_ID 64

// How long threads that run are asked for their frames, in all.
#define JSON_ASK_NS (2000 * (uint64_t)RCGO_MS)

struct json {
	struct rcgo_thread_walk walk; // first: json_show has no other argument
	struct rcgo_strbuf out;	      // in text
	int fd, sig;
	const siginfo_t *info;
	const void *context;
	bool in_go;
	struct rcgo_frame frames[JSON_INLINED];
	uintptr_t pcs[JSON_FRAMES];
	char text[JSON_PIECE + 16 * 1024];
	char strings[8192];
	char path[4096];
	char id[2 * JSON_ID + 1];
};

static void
json_flush(struct json *j)
{
	rcgo__strbuf_write(&j->out, j->fd);
	j->out = rcgo__strbuf_init(j->text, sizeof j->text);
}

// Returns the length of the UTF-8 sequence at s, or 0 if there is none.
static size_t
json_utf8_length(const unsigned char *s)
{
	size_t n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (s[0] < 0xc2 || s[0] > 0xf4 || (s[0] == 0xe0 && s[1] < 0xa0) ||
		(s[0] == 0xed && s[1] > 0x9f) || (s[0] == 0xf0 && s[1] < 0x90) ||
		(s[0] == 0xf4 && s[1] > 0x8f)) {
		return 0;
	}
	for (size_t i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80) {
			return 0;
		}
	}
	return n;
}

static void
json_append_string(struct rcgo_strbuf *t, const char *s)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *at = (const unsigned char *)s;

	rcgo__append_str(t, "\"");
	while (*at != 0) {
		char out[8] = {(char)*at};
		size_t n = *at >= 0x80 ? json_utf8_length(at) : 1;

		if (n == 0) {
			memcpy(out, "\\ufffd", 7);
			n = 1;
		} else if (*at == '"' || *at == '\\') {
			out[0] = '\\';
			out[1] = (char)*at;
		} else if (*at < ' ') {
			memcpy(out, "\\u00", 4);
			out[4] = digits[*at >> 4];
			out[5] = digits[*at & 15];
		} else {
			memcpy(out, at, n);
		}
		rcgo__append_str(t, out);
		at += n;
	}
	rcgo__append_str(t, "\"");
}

static void
json_append_key(struct rcgo_strbuf *t, const char *key)
{
	rcgo__append_str(t, t->len != 0 && t->buf[t->len - 1] == '{' ? "\"" : ",\"");
	rcgo__append_str(t, key);
	rcgo__append_str(t, "\":");
}

static void
json_append_text(struct rcgo_strbuf *t, const char *key, const char *value)
{
	if (value != NULL && value[0] != 0) {
		json_append_key(t, key);
		json_append_string(t, value);
	}
}

static void
json_append_number(struct rcgo_strbuf *t, const char *key, uint64_t value)
{
	json_append_key(t, key);
	rcgo__append_uint(t, value, 0);
}

// As text, because JSON's numbers are exact up to 2⁵³ only.
static void
json_append_address(struct rcgo_strbuf *t, const char *key, uintptr_t value)
{
	json_append_key(t, key);
	rcgo__append_str(t, "\"");
	rcgo__append_hex(t, value);
	rcgo__append_str(t, "\"");
}

// Appends the file that contains pc, its build-id, and the address of pc in it.
static void
json_append_module(struct json *j, uintptr_t pc)
{
	struct rcgo_strbuf *t = &j->out;
	static const char digits[] = "0123456789abcdef";
	struct rcgo_module module;
	uint8_t id[JSON_ID];
	size_t n;

	if (!rcgo__module_find(pc, &module)) {
		return;
	}
	if (rcgo__module_name(&module, j->path, sizeof j->path)) {
		json_append_text(t, "module", j->path);
	}
	json_append_address(t, "module_address", pc - module.bias);
	n = rcgo__module_build_id(&module, id, sizeof id);
	n = n > sizeof id ? 0 : n;
	for (size_t i = 0; i < n; i++) {
		j->id[2 * i] = digits[id[i] >> 4];
		j->id[2 * i + 1] = digits[id[i] & 15];
	}
	j->id[2 * n] = 0;
	json_append_text(t, "build_id", j->id);
}

static void
json_append_frame(struct json *j, const struct rcgo_frame *f, uintptr_t pc)
{
	struct rcgo_strbuf *t = &j->out;

	rcgo__append_str(t, "{");
	if (!rcgo__mark_is(pc)) {
		json_append_address(t, "pc", pc);
		json_append_module(j, pc);
	}
	json_append_text(t, "function", f->function);
	json_append_text(t, "file", f->file);
	if (f->line != 0) {
		json_append_number(t, "line", f->line);
	}
	if (f->inlined) {
		json_append_key(t, "inlined");
		rcgo__append_str(t, "true");
	}
	rcgo__append_str(t, "}");
}

static void
json_append_frames(struct json *j, const uintptr_t *pcs, size_t n)
{
	struct rcgo_strbuf *t = &j->out;

	json_append_key(t, "frames");
	rcgo__append_str(t, "[");
	for (size_t i = 0; i < n; i++) {
		size_t found = rcgo__symbolize_report(
			pcs[i], j->frames, JSON_INLINED, j->strings, sizeof j->strings);

		for (size_t k = 0; k < found; k++) {
			rcgo__append_str(t, i + k != 0 ? "," : "");
			json_append_frame(j, &j->frames[k], pcs[i]);
			if (t->len >= JSON_PIECE) {
				json_flush(j);
			}
		}
	}
	rcgo__append_str(t, "]");
}

// Indirect: called for each thread that is in C.
static void
json_show(struct rcgo_thread_walk *walk, long tid, const char *state, size_t n)
{
	struct json *j = (struct json *)walk;
	struct rcgo_strbuf *t = &j->out;

	rcgo__append_str(t, walk->shown > 1 ? ",{" : "{");
	json_append_number(t, "thread", (uint64_t)tid);
	json_append_text(t, "thread_name", walk->name);
	json_append_text(t, "state", state);
	json_append_frames(j, walk->pcs, n);
	rcgo__append_str(t, "}");
	json_flush(j);
}

// Appends the other threads that are in C.
static void
json_append_threads(struct json *j)
{
	struct rcgo_strbuf *t = &j->out;

	j->walk.show = json_show;
	j->walk.ask_until = rcgo__clock_ns(CLOCK_MONOTONIC) + JSON_ASK_NS;
	json_append_key(t, "threads");
	rcgo__append_str(t, "[");
	rcgo__threads_walk(&j->walk);
	rcgo__append_str(t, "]");
}

static void
json_append_signal(const struct json *j, struct rcgo_strbuf *t)
{
	const char *name = rcgo__crash_signal(j->sig);
	char word[16] = "";
	size_t n = strcspn(name, ":");

	memcpy(word, name, n < sizeof word ? n : 0);
	json_append_text(t, "signal", word);
	json_append_number(t, "signal_number", (uint64_t)j->sig);
	if (j->info->si_code > 0) {
		json_append_number(t, "code", (uint64_t)j->info->si_code);
		json_append_text(t, "reason", rcgo__crash_code(j->sig, j->info->si_code));
		json_append_address(t, "address", (uintptr_t)j->info->si_addr);
	}
}

static void
json_on_own_stack(void *arg)
{
	struct json *j = arg;
	struct rcgo_strbuf *t = &j->out;
	char name[17] = "";

	*t = rcgo__strbuf_init(j->text, sizeof j->text);
	if (rcgo__syscall_trial_passed()) {
		rcgo__kernel_thread_name(name);
	}
	rcgo__append_str(t, "{");
	json_append_text(t, "format", "rcgo-crash-1");
	json_append_number(t, "time", (uint64_t)rcgo__clock_ns(CLOCK_REALTIME) / 1000000000u);
	json_append_number(t, "pid", (uint64_t)getpid());
	json_append_number(t, "thread", (uint64_t)rcgo__kernel_thread_id());
	json_append_text(t, "thread_name", name);
	json_append_text(t, "thread_of", j->in_go ? "Go" : "C");
	json_append_signal(j, t);
	json_append_frames(j, j->pcs, rcgo__unwind_report(j->context, NULL, j->pcs, JSON_FRAMES));
	if (rcgo__report_json_all()) {
		json_append_threads(j);
	}
	json_append_text(t, "build", rcgo_build_info());
	rcgo__append_str(t, "}\n");
	json_flush(j);
}

void
rcgo__crash_json(int sig, const siginfo_t *info, const void *context, bool in_go)
{
	int fd = rcgo__report_json_fd();
	struct json *j = fd >= 0 ? rcgo__own_stack_map() : NULL;

	if (j != NULL) {
		j->fd = fd;
		j->sig = sig;
		j->info = info;
		j->context = context;
		j->in_go = in_go;
		rcgo__own_stack_run(j, json_on_own_stack);
	}
}
