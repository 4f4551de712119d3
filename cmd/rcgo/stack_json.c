// SPDX-License-Identifier: BSD-3-Clause
// rcgo stack -json: all data, for programs.
#include "stack.h"

#include <stdlib.h>
#include <string.h>

static json_t *
text_or_null(const char *s)
{
	json_t *j = s != NULL ? json_string(s) : NULL;

	return j != NULL ? j : json_null();
}

// Addresses are strings, because many languages read JSON numbers with less than 64 bits.
static json_t *
address(uint64_t a)
{
	char text[24];

	snprintf(text, sizeof text, "0x%llx", (unsigned long long)a);
	return json_string(text);
}

static json_t *
build_id(const struct module *m)
{
	uint8_t id[32];
	char hex[2 * sizeof id + 1] = "";
	uint64_t n = m != NULL ? module_build_id(m, id, sizeof id) : 0;

	for (uint64_t i = 0; i < n; i++) {
		snprintf(hex + 2 * i, 3, "%02x", id[i]);
	}
	return n > 0 ? json_string(hex) : json_null();
}

static json_t *
frame_json(const struct frame *f, const struct name *n)
{
	json_t *o = json_object();

	json_object_set_new(o, "lang", json_string(n->lang == FRAME_GO ? "go" : "c"));
	json_object_set_new(o, "function", text_or_null(n->function));
	json_object_set_new(o, "file", text_or_null(n->file));
	json_object_set_new(o, "line", json_integer(n->line));
	json_object_set_new(o, "inlined", json_boolean(n->inlined));
	json_object_set_new(o, "pc", address(f->pc));
	json_object_set_new(o, "module", text_or_null(n->module));
	json_object_set_new(o, "offset", address(n->offset));
	json_object_set_new(o, "build_id", build_id(f->module));
	return o;
}

static json_t *
frames_json(struct stacks *s, const struct stack *stack)
{
	json_t *list = json_array();

	for (size_t i = 0; stack != NULL && i < stack->n; i++) {
		const struct frame *f = &stack->frame[i];
		const struct name *names;
		size_t n = f->lang == FRAME_NOTE ? 0 : names_of(s, f, &names);

		if (f->lang == FRAME_NOTE) {
			json_array_append_new(list, json_pack("{s:s}", "note", f->note));
		}
		for (size_t k = 0; k < n; k++) {
			if (!names[k].hidden || s->options.runtime) {
				json_array_append_new(list, frame_json(f, &names[k]));
			}
		}
	}
	return list;
}

static json_t *
goroutine_json(const struct goroutine *g)
{
	json_t *o = json_object();

	json_object_set_new(o, "id", json_integer((json_int_t)g->g.goid));
	json_object_set_new(o, "status", json_string(goroutine_state(&g->g)));
	json_object_set_new(o, "reason", text_or_null(g->reason));
	json_object_set_new(o, "locked", json_boolean(g->g.lockedm != 0));
	json_object_set_new(
		o, "runtime", text_or_null(clean_text(g->runtime->table->module->path)));
	return o;
}

static const char *
read_name(const struct thread *th)
{
	switch (th->read) {
	case READ_BLOCKED:
		return "read";
	case READ_STOPPED:
		return "stopped";
	case READ_CORE:
		return "core";
	case READ_EXITED:
		return "gone";
	default:
		return "torn";
	}
}

static json_t *
syscall_json(const struct thread *th)
{
	json_t *o = json_object(), *args = json_array();

	json_object_set_new(o, "nr", json_integer(th->syscall));
	for (size_t i = 0; i < 6; i++) {
		json_array_append_new(args, address(th->args[i]));
	}
	json_object_set_new(o, "args", args);
	return o;
}

static json_t *
wait_json(struct stacks *s, const struct thread *th)
{
	json_t *o = json_object();

	json_object_set_new(o, "kind", json_string(th->waits_kind));
	json_object_set_new(o, "address", address(th->waits_at));
	json_object_set_new(
		o, "owner", th->waits_for != 0 ? json_integer(waits_thread(s, th)) : json_null());
	json_object_set_new(o, "readers", json_integer(th->waits_readers));
	json_object_set_new(o, "deadlock", json_boolean(waits_deadlock(s, th)));
	return o;
}

static json_t *
thread_json(struct stacks *s, const struct thread *th)
{
	static const char *const kinds[] = {"idle", "go", "c", "running", "unknown"};
	json_t *o = json_object();

	json_object_set_new(o, "tid", json_integer(th->tid));
	json_object_set_new(o, "name", text_or_null(clean_text(th->name)));
	json_object_set_new(o, "state", json_string(kinds[thread_kind(s, th)]));
	json_object_set_new(o, "how", json_string(read_name(th)));
	json_object_set_new(o, "syscall", th->in_syscall ? syscall_json(th) : json_null());
	json_object_set_new(
		o, "blocked_ms", th->blocked_ms >= 0 ? json_integer(th->blocked_ms) : json_null());
	json_object_set_new(o, "goroutine",
		th->goroutine != NULL ? goroutine_json(th->goroutine) : json_null());
	json_object_set_new(
		o, "waits_for", th->waits_kind != NULL ? wait_json(s, th) : json_null());
	if (th->read == READ_STOPPED) {
		json_object_set_new(o, "stopped_us", json_real((double)th->switched / 1e3));
	}
	json_object_set_new(o, "frames", frames_json(s, th->stack));
	return o;
}

static json_t *
runtimes_json(const struct stacks *s)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->go.runtimes; i++) {
		const struct go_runtime *r = &s->go.runtime[i];
		json_t *o = json_object();

		json_object_set_new(o, "file", text_or_null(clean_text(r->table->module->path)));
		json_object_set_new(
			o, "version", text_or_null(r->version[0] != 0 ? r->version : NULL));
		json_object_set_new(o, "moduledata", address(r->table->moduledata));
		json_object_set_new(o, "layout_known", json_boolean(r->layout != NULL));
		json_array_append_new(list, o);
	}
	return list;
}

void
print_json(struct stacks *s)
{
	json_t *o = json_object(), *threads = json_array(), *goroutines = json_array();

	if (!s->t.core) {
		process_names(&s->t);
	}
	json_object_set_new(o, "pid", s->t.pid != 0 ? json_integer(s->t.pid) : json_null());
	json_object_set_new(o, "took_ms", json_real(s->ms));
	json_object_set_new(o, "cpu_ms", json_real(s->cpu_ms));
	if (s->t.together_ns != 0) {
		json_object_set_new(
			o, "stopped_together_us", json_real((double)s->t.together_ns / 1e3));
	}
	json_object_set_new(o, "go", runtimes_json(s));
	for (size_t i = 0; i < s->t.threads; i++) {
		if (s->t.thread[i].read != READ_NOT_YET) {
			json_array_append_new(threads, thread_json(s, &s->t.thread[i]));
		}
	}
	for (size_t i = 0; i < s->goroutines && s->options.all; i++) {
		if (s->goroutine[i].stack != NULL) {
			json_t *g = goroutine_json(&s->goroutine[i]);

			json_object_set_new(g, "frames", frames_json(s, s->goroutine[i].stack));
			json_array_append_new(goroutines, g);
		}
	}
	json_object_set_new(o, "threads", threads);
	json_object_set_new(o, "goroutines", goroutines);
	json_object_set_new(o, "goroutines_total", json_integer((json_int_t)s->goroutines_total));
	json_dumpf(o, stdout, JSON_INDENT(1) | JSON_PRESERVE_ORDER);
	putchar('\n');
	json_decref(o);
}
