// SPDX-License-Identifier: BSD-3-Clause
// The in-process symbolizer: symbolizes program counters of this process for Go, for crash reports
// and for C code. Runs on any stack, also in signal handlers.

#include <errno.h>
#include <string.h>

#include "demangle.h"
#include "mark.h"
#include "module.h"
#include "raw_syscall.h"
#include "strbuf.h"
#include "symbolizer.h"
#include "symbolizer_internal.h"
#include "syscall_trial.h"
#include "unwinder.h"

// owner: the caller that set busy to 1; lock: busy, only ever tried; ordering: acquire, release
static struct rcgo_inprocess inprocess_primary;
// owner: the caller that set busy to 1; lock: busy, only ever tried; ordering: acquire, release
static struct rcgo_inprocess inprocess_reentrant;

static bool
inprocess_try_lock(struct rcgo_inprocess *inprocess)
{
	return __atomic_exchange_n(&inprocess->busy, 1, __ATOMIC_ACQUIRE) == 0;
}

static void
inprocess_unlock(struct rcgo_inprocess *inprocess)
{
	rcgo_store_rel(&inprocess->busy, 0);
}

// Not inlined: its mapping must not be on the stack while files are read.
static __attribute__((noinline)) size_t
describe_without_memory(uintptr_t pc, struct rcgo_frame *frame, struct rcgo_line_text *text)
{
	struct rcgo_inprocess_mapping mapping;

	rcgo__inprocess_find(pc, &mapping);
	if (!rcgo__inprocess_is_code(NULL, &mapping)) {
		return 0;
	}
	rcgo__inprocess_fallback(&mapping, frame, text);
	return 1;
}

static size_t
symbolize(const struct rcgo_inprocess_query *query, struct rcgo_frame *frames, size_t max,
	char *text, size_t size)
{
	struct rcgo_line_text out = {.at = text, .size = size};
	struct rcgo_inprocess_query reentrant = *query;
	size_t n = 0;
	int cancel;

	if (max == 0) {
		return 0;
	}
	if (rcgo__mark_is(query->pc)) {
		rcgo__mark_text(query->pc, text, size);
		frames[0] = (struct rcgo_frame){.function = size != 0 ? text : NULL};
		return 1;
	}
	cancel = rcgo__cancel_disable();
	if (inprocess_try_lock(&inprocess_primary)) {
		n = rcgo__inprocess_frames(&inprocess_primary, query, frames, max, &out);
		inprocess_unlock(&inprocess_primary);
	} else if (inprocess_try_lock(&inprocess_reentrant)) {
		reentrant.cached = false;
		n = rcgo__inprocess_frames(&inprocess_reentrant, &reentrant, frames, max, &out);
		inprocess_unlock(&inprocess_reentrant);
	} else {
		n = describe_without_memory(query->pc, frames, &out);
	}
	rcgo__cancel_restore(cancel);
	if (n != 0 && frames[0].line == 0 && rcgo__unwind_is_handler_frame(query->pc)) {
		frames[0] = (struct rcgo_frame){.function = "<signal handler called>"};
		return 1;
	}
	return n;
}

// owner: rcgo__symbolize_set_mangled; lock: none; ordering: relaxed, a single word
static bool keep_names_mangled;

void
rcgo__symbolize_set_mangled(bool mangled)
{
	rcgo_store_rlx(&keep_names_mangled, mangled);
}

// A profile aggregates by function, and pprof demangles names itself. A crash report lists each
// address, for other tools, and people read its names directly.
size_t
rcgo__symbolize_code(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	const bool report = rcgo__generations_are_stopped();
	const struct rcgo_inprocess_query query = {.pc = pc,
		.cached = true,
		.by_function = !report,
		.demangled = report && !rcgo_load_rlx(&keep_names_mangled)};

	return symbolize(&query, frames, max, text, size);
}

static size_t
symbolize_or_fallback(const struct rcgo_inprocess_query *query, struct rcgo_frame *frames,
	size_t max, char *text, size_t size)
{
	size_t n = symbolize(query, frames, max, text, size);

	if (n == 0 && max != 0) {
		struct rcgo_line_text out = {.at = text, .size = size};
		const struct rcgo_inprocess_mapping mapping = {.pc = query->pc};

		rcgo__inprocess_fallback(&mapping, frames, &out);
		n = 1;
	}
	return n;
}

size_t
rcgo__symbolize_into(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	const struct rcgo_inprocess_query query = {.pc = pc, .cached = true};

	return symbolize_or_fallback(&query, frames, max, text, size);
}

size_t
rcgo__symbolize_report(uintptr_t pc, struct rcgo_frame *frames, size_t max, char *text, size_t size)
{
	const struct rcgo_inprocess_query query = {
		.pc = pc, .cached = true, .demangled = !rcgo_load_rlx(&keep_names_mangled)};

	return symbolize_or_fallback(&query, frames, max, text, size);
}

#define TEXT_BUFFERS 4
#define TEXT_SIZE (16 * 1024)

// owner: the caller that drew its number; lock: none; ordering: none, numbers separate callers
static char text_buffers[TEXT_BUFFERS][TEXT_SIZE];
// owner: all callers; lock: none; ordering: relaxed, numbers need only differ
static uint32_t text_number;

size_t
rcgo__symbolize(uintptr_t pc, struct rcgo_frame *frames, size_t max)
{
	uint32_t number = __atomic_fetch_add(&text_number, 1, __ATOMIC_RELAXED);

	return rcgo__symbolize_code(
		pc, frames, max, text_buffers[number % TEXT_BUFFERS], TEXT_SIZE);
}

// The objects of this process: opening, caching and lookup.

#define INPROCESS_KEEP ((size_t)256 << 20) // address space; it must hold decompressed DWARF
#define INPROCESS_CACHE ((size_t)16 << 20)
#define INPROCESS_ID 64
#define INPROCESS_OPENED_MAX 1024  // objects opened before the memory is reset
#define INPROCESS_SPLIT_MAX 0x7000 // likewise for files of split DWARF

static void
inprocess_reset(struct rcgo_inprocess *inprocess)
{
	for (size_t i = 0; i < RCGO_INPROCESS_OBJECTS; i++) {
		rcgo__object_close(inprocess->objects[i].object);
	}
	memset(inprocess->objects, 0, sizeof inprocess->objects);
	rcgo__arena_free(&inprocess->memory.scratch);
	rcgo__arena_free(&inprocess->keep);
	inprocess->jit = (struct rcgo_jit_names){0};
	inprocess->opened = 0;
	inprocess->ready = false;
}

static bool
inprocess_prepare(struct rcgo_inprocess *inprocess, bool cached)
{
	// Memory of single objects cannot be freed; only a reset releases it.
	if (inprocess->ready &&
		(inprocess->opened == INPROCESS_OPENED_MAX ||
			inprocess->memory.split_files > INPROCESS_SPLIT_MAX ||
			inprocess->keep.used > inprocess->keep.cap - inprocess->keep.cap / 8)) {
		inprocess_reset(inprocess);
	}
	if (inprocess->ready) {
		return true;
	}
	if (rcgo__arena_init(&inprocess->keep, INPROCESS_KEEP) != 0) {
		return false;
	}
	if (rcgo__object_memory_init(&inprocess->memory, &inprocess->keep,
		    cached ? INPROCESS_CACHE : INPROCESS_CACHE / 16) != 0) {
		rcgo__arena_free(&inprocess->keep);
		return false;
	}
	inprocess->memory.cached = cached;
	inprocess->memory.qualified = true;
	inprocess->ready = true;
	return true;
}

static size_t
inprocess_build_id(const struct rcgo_inprocess_mapping *mapping, uint8_t *id, size_t cap)
{
	if (mapping->generation == NULL) {
		return rcgo__module_build_id(&mapping->module, id, cap);
	}
	memcpy(id, mapping->generation->id,
		mapping->generation->size < cap ? mapping->generation->size : cap);
	return mapping->generation->size;
}

// Opens the object's file. Returns 0, or -errno.
static int
inprocess_open(struct rcgo_inprocess *inprocess, const struct rcgo_inprocess_mapping *mapping,
	struct rcgo_object **object)
{
	uint8_t id[INPROCESS_ID];
	size_t size = inprocess_build_id(mapping, id, sizeof id);
	struct rcgo_bytes build_id = {.at = id, .size = size > sizeof id ? 0 : size};
	uint16_t number = (uint16_t)(1 + 2 * inprocess->opened);
	int err;

	inprocess->opened++;
	if (!rcgo__inprocess_name(mapping, inprocess->path, sizeof inprocess->path)) {
		return -EAGAIN; // its name was readable before: a transient failure
	}
	err = rcgo__object_open_in(&inprocess->memory, inprocess->path, build_id, number, object);
	if (err != 0 && build_id.size != 0 &&
		rcgo__object_open_in(
			&inprocess->memory, "/proc/self/exe", build_id, number, object) == 0) {
		return 0; // the program's own file can be opened even after it was replaced
	}
	return err;
}

static bool
inprocess_is_transient(int err)
{
	return err == -EMFILE || err == -ENFILE || err == -ENOMEM || err == -EINTR ||
	       err == -EAGAIN;
}

// Returns the object of a mapping; opens it if it is new. A new object takes the slot of an
// unloaded object at the same address, or evicts an object if the table is full.
static struct rcgo_inprocess_object *
inprocess_find_object(
	struct rcgo_inprocess *inprocess, const struct rcgo_inprocess_mapping *mapping)
{
	const struct rcgo_module *module = &mapping->module;
	size_t first = module->start / 4096 * UINT32_C(0x9e3779b1) >> 8;
	struct rcgo_inprocess_object *slot = NULL;

	for (size_t i = 0; i < RCGO_INPROCESS_OBJECTS; i++) {
		struct rcgo_inprocess_object *at =
			&inprocess->objects[(first + i) % RCGO_INPROCESS_OBJECTS];

		if (at->module.key == module->key && at->module.start == module->start) {
			return at;
		}
		if (at->module.key == 0 || at->module.start == module->start) {
			slot = at;
			break;
		}
	}
	if (slot == NULL) {
		slot = &inprocess->objects[first % RCGO_INPROCESS_OBJECTS];
	}
	rcgo__object_close(slot->object);
	slot->module = *module;
	slot->object = NULL;
	if (inprocess_is_transient(inprocess_open(inprocess, mapping, &slot->object))) {
		slot->module.key = 0; // retry at the next lookup
	}
	return slot;
}

// Appends the demangled name to text. Returns NULL if the name is not mangled or there is no space.
static const char *
inprocess_demangle(struct rcgo_inprocess *inprocess, const char *name, struct rcgo_line_text *text)
{
	char *at = text->at + text->used;
	size_t n = rcgo__demangle(name, &inprocess->memory.scratch, at, text->size - text->used);

	text->used += n > 0 ? n + 1 : 0;
	return n > 0 ? at : NULL;
}

// Copies the function names into text, the outermost first, because it is the function that was
// called and must not be lost if text is full.
static void
inprocess_copy_names(struct rcgo_inprocess *inprocess, bool demangled, struct rcgo_frame *frames,
	size_t n, struct rcgo_line_text *text)
{
	for (size_t i = 0; i < n; i++) {
		struct rcgo_frame *frame = &frames[i == 0 ? n - 1 : i - 1];

		if (frame->function != NULL) {
			const char *name =
				demangled ? inprocess_demangle(inprocess, frame->function, text)
					  : NULL;

			frame->function =
				name != NULL ? name : rcgo__inprocess_copy(text, frame->function);
		}
	}
}

// Names a frame that has no symbol.
static void
inprocess_name_unknown(const struct rcgo_inprocess_object *slot,
	struct rcgo_inprocess_mapping *mapping, bool by_function, struct rcgo_frame *frame,
	struct rcgo_line_text *text)
{
	uint64_t start;

	if (by_function && slot != NULL && slot->object != NULL &&
		rcgo__elf_function(
			&slot->object->elf, mapping->pc - mapping->module.bias, &start)) {
		mapping->pc = (uintptr_t)start + mapping->module.bias;
	}
	rcgo__inprocess_fallback(mapping, frame, text);
}

// Names generated code by the files that its compiler writes. Returns whether they name it.
static bool
inprocess_name_generated(struct rcgo_inprocess *inprocess,
	const struct rcgo_inprocess_mapping *mapping, bool cached, struct rcgo_frame *frame,
	struct rcgo_line_text *text)
{
	char *at = text->at + text->used;
	uintptr_t entry = 0;
	size_t n = 0;

	if (rcgo__syscall_trial_passed() && inprocess_prepare(inprocess, cached)) {
		n = rcgo__jit_name(&inprocess->jit, &inprocess->keep, mapping->pc, at,
			text->size - text->used, &entry);
	}
	if (n != 0) {
		text->used += n + 1;
		*frame = (struct rcgo_frame){.function = at, .entry = entry};
	}
	return n != 0;
}

size_t
rcgo__inprocess_frames(struct rcgo_inprocess *inprocess, const struct rcgo_inprocess_query *query,
	struct rcgo_frame *frames, size_t max, struct rcgo_line_text *text)
{
	struct rcgo_inprocess_object *slot = NULL;
	struct rcgo_inprocess_mapping mapping;
	size_t n = 0, names_size = (text->size - text->used) / 2;

	rcgo__inprocess_find(query->pc, &mapping);
	if (!rcgo__inprocess_is_code(inprocess, &mapping)) {
		return 0;
	}
	if (mapping.generated &&
		inprocess_name_generated(inprocess, &mapping, query->cached, frames, text)) {
		return 1;
	}
	if (mapping.known && rcgo__syscall_trial_passed() &&
		inprocess_prepare(inprocess, query->cached)) {
		slot = inprocess_find_object(inprocess, &mapping);
	}
	if (slot != NULL && slot->object != NULL) {
		text->size -= names_size;
		n = rcgo__object_frames_in(
			slot->object, mapping.pc - mapping.module.bias, frames, max, text);
		text->size += names_size;
	}
	inprocess_copy_names(inprocess, query->demangled, frames, n, text);
	for (size_t i = 0; i < n; i++) {
		// A path that did not fit is not in text.
		if (frames[i].file != NULL &&
			(frames[i].file < text->at || frames[i].file >= text->at + text->size)) {
			frames[i].file = rcgo__inprocess_copy(text, frames[i].file);
		}
		if (frames[i].entry != 0) {
			frames[i].entry += mapping.module.bias;
		}
	}
	if (n == 0) {
		inprocess_name_unknown(slot, &mapping, query->by_function, &frames[0], text);
		return 1;
	}
	if (frames[0].function == NULL) {
		struct rcgo_frame fallback;

		inprocess_name_unknown(slot, &mapping, query->by_function, &fallback, text);
		frames[0].function = fallback.function;
	}
	return n;
}

// Maps a program counter of this process to its module, and builds its fallback name.

const char *
rcgo__inprocess_copy(struct rcgo_line_text *text, const char *s)
{
	size_t size = s == NULL ? 0 : strlen(s) + 1;
	size_t space = text->size - text->used;
	char *at = text->at + text->used;

	if (size > space) {
		size = space;
	}
	if (size == 0) {
		return NULL;
	}
	memcpy(at, s, size - 1);
	at[size - 1] = 0;
	text->used += size;
	return at;
}

void
rcgo__inprocess_find(uintptr_t pc, struct rcgo_inprocess_mapping *mapping)
{
	mapping->generation = rcgo__generation_untag(&pc);
	mapping->pc = pc;
	mapping->generated = rcgo__generation_is_jit(mapping->generation);
	if (mapping->generation == NULL || mapping->generated) {
		mapping->generation = NULL;
		mapping->known = rcgo__module_find(pc, &mapping->module);
		mapping->generated = mapping->generated && !mapping->known;
		return;
	}
	mapping->module = mapping->generation->module;
	mapping->known = mapping->generation->path[0] != 0;
}

bool
rcgo__inprocess_is_code(struct rcgo_inprocess *inprocess, struct rcgo_inprocess_mapping *mapping)
{
	uintptr_t start = 0, end = 0;

	// A tagged program counter was code when it was sampled.
	if (mapping->known || mapping->generation != NULL || mapping->generated) {
		return true;
	}
	if (inprocess != NULL && mapping->pc - inprocess->generated_start <
					 inprocess->generated_end - inprocess->generated_start) {
		mapping->generated = true;
		return true;
	}
	switch (rcgo__module_code(mapping->pc, &start, &end)) {
	case RCGO_CODE_NONE:
		return false;
	case RCGO_CODE_GENERATED:
		mapping->generated = true;
		if (inprocess != NULL) {
			inprocess->generated_start = start;
			inprocess->generated_end = end;
		}
		return true;
	default:
		return true;
	}
}

bool
rcgo__inprocess_name(const struct rcgo_inprocess_mapping *mapping, char *path, size_t cap)
{
	if (mapping->generation == NULL) {
		return rcgo__module_name(&mapping->module, path, cap);
	}
	if (cap > sizeof mapping->generation->path) {
		cap = sizeof mapping->generation->path;
	}
	memcpy(path, mapping->generation->path, cap);
	path[cap - 1] = 0;
	return path[0] != 0;
}

// Longer paths are truncated, because this buffer is on the stack.
#define FALLBACK_PATH 768

void
rcgo__inprocess_fallback(const struct rcgo_inprocess_mapping *mapping, struct rcgo_frame *frame,
	struct rcgo_line_text *text)
{
	static const char digits[] = "0123456789abcdef";
	char name[FALLBACK_PATH + 24];
	uintptr_t number = mapping->pc - (mapping->known ? mapping->module.bias : 0);
	size_t n = 0;
	int shift = (int)sizeof number * 8 - 4;

	*frame = (struct rcgo_frame){0};
	if (mapping->generated) {
		frame->function = rcgo__inprocess_copy(text, "[JIT]");
		return;
	}
	if (mapping->known && rcgo__inprocess_name(mapping, name, FALLBACK_PATH)) {
		const char *base = strrchr(name, '/');

		frame->file = rcgo__inprocess_copy(text, name);
		base = base == NULL || base[1] == 0 ? name : base + 1;
		n = strlen(base);
		memmove(name, base, n);
		name[n++] = '+';
	}
	name[n++] = '0';
	name[n++] = 'x';
	while (shift > 0 && number >> shift == 0) {
		shift -= 4;
	}
	for (; shift >= 0; shift -= 4) {
		name[n++] = digits[number >> shift & 15];
	}
	name[n] = 0;
	frame->function = rcgo__inprocess_copy(text, name);
}

// The text of marks (mark.h), the pseudo program counters in a backtrace.

#define MARK_PATH 256

// Appends the called address as object+offset if an object contains it.
static void
mark_append_address(struct rcgo_strbuf *t, uintptr_t address)
{
	char path[MARK_PATH];
	struct rcgo_module module;
	const char *slash;

	if (address == 0) {
		rcgo__append_str(t, "NULL");
		return;
	}
	if (rcgo__module_find(address, &module) && rcgo__module_name(&module, path, sizeof path)) {
		slash = strrchr(path, '/');
		rcgo__append_str(t, "data: ");
		rcgo__append_str(t, slash == NULL ? path : slash + 1);
		rcgo__append_str(t, "+");
		rcgo__append_hex(t, address - module.bias);
		return;
	}
	rcgo__append_hex(t, address);
	rcgo__append_str(t, ", which is not code");
}

void
rcgo__mark_text(uintptr_t mark, char *text, size_t size)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(text, size);
	uintptr_t value = mark & (((uintptr_t)1 << RCGO_MARK_SHIFT) - 1);

	rcgo__append_str(&t, "[");
	switch (mark >> RCGO_MARK_SHIFT) {
	case RCGO_MARK_ELIDED:
		if (value != 0) {
			rcgo__append_uint(&t, value, 0);
			rcgo__append_str(&t, " ");
		}
		rcgo__append_str(&t, "frames elided");
		break;
	case RCGO_MARK_NOT_CODE:
		rcgo__append_str(&t, "call of ");
		mark_append_address(&t, value);
		break;
	default:
		rcgo__append_str(&t, "the C stack is lost here");
		break;
	}
	rcgo__append_str(&t, "]");
}
