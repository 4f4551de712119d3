// SPDX-License-Identifier: BSD-3-Clause
// Targets: core files. Everything in them is untrusted: each offset is checked against the file,
// and each list has a limit.
// Contract: core(5), elf(5), the kernel's fs/binfmt_elf.c

#include <elf.h>
#include <errno.h>
#include <string.h>

#include "core_file.h"
#include "elf_reader.h"
#include "module_merge.h"
#include "rcgo_backtrace.h"

#define CORE_FILES_MAX 100000
#define CORE_THREADS_MAX 100000
#define CORE_SEGMENTS_MAX 1000000
#define CORE_UNSORTED_MAX 65536 // segments that each read looks through
#define CORE_NOTE_FILE 0x46494c45

// From linux/elfcore.h: where struct elf_prstatus of a 64-bit CPU has the fields used here.
#define CORE_PRSTATUS_PID 32
#define CORE_PRSTATUS_REGS 112
// From linux/elf.h and linux/auxvec.h, which other systems that read such a core do not have.
#define CORE_NT_AUXV 6
#define CORE_AT_SYSINFO_EHDR 33

struct core_file {
	struct rcgo_elf elf;
	uint32_t first, loads; // the PT_LOADs, if they follow each other by rising addresses
	uint32_t segments;     // all, up to the limit
};
_Static_assert(sizeof(struct core_file) <= sizeof((struct rcgo_target *)0)->state, "state");

static const struct core_file *
core_of(const struct rcgo_target *target)
{
	return (const struct core_file *)(const void *)target->state;
}

static bool
core_contains(const struct rcgo_segment *s, uint64_t address)
{
	return s->type == PT_LOAD && address >= s->address && address - s->address < s->memory_size;
}

// Finds the segment by bisection of a sorted table.
static bool
core_segment_sorted(const struct core_file *c, uint64_t address, struct rcgo_segment *s)
{
	uint32_t lo = 0, hi = c->loads;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (!rcgo__elf_segment_at(&c->elf, c->first + mid, s)) {
			return false;
		}
		if (s->address <= address) {
			lo = mid + 1;
		} else {
			hi = mid;
		}
	}
	return lo > 0 && rcgo__elf_segment_at(&c->elf, c->first + lo - 1, s) &&
	       core_contains(s, address);
}

static bool
core_segment(const struct core_file *c, uint64_t address, struct rcgo_segment *s)
{
	if (c->loads > 0) {
		return core_segment_sorted(c, address, s);
	}
	for (uint32_t i = 0; i < c->segments && i < CORE_UNSORTED_MAX; i++) {
		if (rcgo__elf_segment_at(&c->elf, i, s) && core_contains(s, address)) {
			return true;
		}
	}
	return false;
}

static size_t
core_read(const struct rcgo_target *target, uint64_t address, void *to, size_t size)
{
	const struct core_file *c = core_of(target);
	struct rcgo_segment s;
	size_t done = 0;

	while (done < size && core_segment(c, address + done, &s)) {
		uint64_t inside = address + done - s.address;
		uint64_t there = inside < s.file_size ? s.file_size - inside : 0;
		size_t n = size - done < there ? size - done : (size_t)there;
		struct rcgo_bytes b = rcgo__bytes_read(c->elf.image, s.offset + inside, n);

		if (n == 0 || b.size == 0 || s.offset > UINT64_MAX - inside) {
			break;
		}
		memcpy((char *)to + done, b.at, n);
		done += n;
	}
	return done;
}

// Notes: visit returns true to stop.
typedef bool (*core_note_fn)(uint32_t type, struct rcgo_bytes content, void *arg);

static bool
core_notes_in(struct rcgo_bytes b, core_note_fn visit, void *arg)
{
	rcgo__bytes_load(b);
	for (size_t at = 0; b.size >= 12 && at <= b.size - 12;) {
		size_t name = ((size_t)rcgo__get32(b.at + at, false) + 3) & ~(size_t)3;
		size_t size = rcgo__get32(b.at + at + 4, false);
		uint32_t type = rcgo__get32(b.at + at + 8, false);

		at += 12;
		if (name > b.size - at || size > b.size - at - name) {
			break;
		}
		if (visit(type, (struct rcgo_bytes){.at = b.at + at + name, .size = size}, arg)) {
			return true;
		}
		at += name + ((size + 3) & ~(size_t)3);
	}
	return false;
}

static void
core_each_note(const struct core_file *c, core_note_fn visit, void *arg)
{
	struct rcgo_segment s;

	for (uint32_t i = 0; i < c->segments && rcgo__elf_segment_at(&c->elf, i, &s); i++) {
		if (s.type == PT_NOTE &&
			core_notes_in(rcgo__bytes_slice(c->elf.image, s.offset, s.file_size), visit,
				arg)) {
			return;
		}
	}
}

// ---------------------------------------------------------------------------- threads

struct core_thread_visit {
	uint16_t machine;
	rcgo_target_thread_fn visit;
	void *arg;
	unsigned count;
};

static void
core_registers_amd64(struct rcgo_target_thread *th, const uint8_t *at)
{
	// Where struct user_regs_struct has the registers of DWARF's numbers 0 to 16.
	static const uint8_t index[] = {10, 12, 11, 5, 13, 14, 4, 19, 9, 8, 7, 6, 3, 2, 1, 0, 16};
	static const uint8_t args[] = {14, 13, 12, 7, 9, 8}; // rdi rsi rdx r10 r8 r9

	for (unsigned i = 0; i < sizeof index; i++) {
		th->reg[i] = rcgo__get64(at + 8 * (size_t)index[i], false);
	}
	th->pc = th->reg[16];
	th->known = ((uint64_t)1 << sizeof index) - 1;
	th->syscall = (int64_t)rcgo__get64(at + 8 * 15, false);
	th->syscall = th->syscall < 0 ? -1 : th->syscall;
	for (unsigned i = 0; i < sizeof args && th->syscall >= 0; i++) {
		th->args[th->nr_args++] = rcgo__get64(at + 8 * (size_t)args[i], false);
	}
}

static void
core_registers_arm64(struct rcgo_target_thread *th, const uint8_t *at)
{
	for (unsigned i = 0; i < 32; i++) {
		th->reg[i] = rcgo__get64(at + 8 * (size_t)i, false);
	}
	th->pc = rcgo__get64(at + 8 * (size_t)32, false);
	th->known = ((uint64_t)1 << 32) - 1;
	th->syscall = -1;
}

void
rcgo__target_prstatus(uint16_t machine, const uint8_t *words, struct rcgo_target_thread *thread)
{
	if (machine == EM_AARCH64) {
		core_registers_arm64(thread, words);
	} else {
		core_registers_amd64(thread, words);
	}
}

static bool
core_thread_note(uint32_t type, struct rcgo_bytes b, void *arg)
{
	struct core_thread_visit *v = arg;
	size_t registers =
		v->machine == EM_AARCH64 ? RCGO_PRSTATUS_WORDS_ARM64 : RCGO_PRSTATUS_WORDS_AMD64;
	struct rcgo_target_thread th = {0};

	if (type != NT_PRSTATUS || b.size < CORE_PRSTATUS_REGS + 8 * registers) {
		return false;
	}
	th.tid = (int32_t)rcgo__get32(b.at + CORE_PRSTATUS_PID, false);
	rcgo__target_prstatus(v->machine, b.at + CORE_PRSTATUS_REGS, &th);
	return v->visit(&th, v->arg) || ++v->count >= CORE_THREADS_MAX;
}

static int
core_each_thread(const struct rcgo_target *target, rcgo_target_thread_fn visit, void *arg)
{
	struct core_thread_visit v = {target->machine, visit, arg, 0};

	core_each_note(core_of(target), core_thread_note, &v);
	return 0;
}

struct core_thread_find {
	int32_t tid;
	bool found;
	struct rcgo_target_thread *to;
};

static bool
core_is_thread(const struct rcgo_target_thread *thread, void *arg)
{
	struct core_thread_find *find = arg;

	if (thread->tid == find->tid) {
		*find->to = *thread;
		find->found = true;
	}
	return find->found;
}

static int
core_registers(const struct rcgo_target *target, int32_t tid, struct rcgo_target_thread *thread)
{
	struct core_thread_find find = {tid, false, thread};

	core_each_thread(target, core_is_thread, &find);
	return find.found ? 0 : -ESRCH;
}

// ---------------------------------------------------------------------------- modules

struct core_auxv {
	uint64_t type, value;
	bool found;
};

static bool
core_auxv_note(uint32_t type, struct rcgo_bytes b, void *arg)
{
	struct core_auxv *a = arg;

	for (size_t i = 0; type == CORE_NT_AUXV && i + 16 <= b.size && !a->found; i += 16) {
		a->found = rcgo__get64(b.at + i, false) == a->type;
		a->value = rcgo__get64(b.at + i + 8, false);
	}
	return type == CORE_NT_AUXV;
}

static bool
core_auxv(const struct rcgo_target *target, uint64_t type, uint64_t *value)
{
	struct core_auxv a = {.type = type};

	core_each_note(core_of(target), core_auxv_note, &a);
	*value = a.found ? a.value : 0;
	return a.found;
}

// The mapped files: how many, the size of a page, then start, end and offset in pages of each, then
// their names.
static bool
core_file_note(uint32_t type, struct rcgo_bytes b, void *arg)
{
	struct rcgo_module_merge *merge = arg;
	uint64_t n = type == CORE_NOTE_FILE && b.size >= 16 ? rcgo__get64(b.at, false) : 0;
	size_t name = 16 + 24 * (size_t)(n <= CORE_FILES_MAX ? n : 0);

	if (n == 0 || n > CORE_FILES_MAX || name > b.size) {
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const uint8_t *at = b.at + 16 + 24 * i;
		const char *path = rcgo__bytes_string(b, name);
		struct rcgo_target_module m = {
			.path = path,
			.start = rcgo__get64(at, false),
			.end = rcgo__get64(at + 8, false),
			.offset = rcgo__get64(at + 16, false) * rcgo__get64(b.at + 8, false),
		};

		if (path == NULL) {
			break;
		}
		name += strlen(path) + 1;
		if (m.start < m.end && rcgo__merge_add(merge, &m)) {
			break;
		}
	}
	rcgo__merge_flush(merge);
	return true;
}

static int
core_each_module(const struct rcgo_target *target, rcgo_target_module_fn visit, void *arg)
{
	struct rcgo_module_merge merge = {.visit = visit, .arg = arg};
	struct rcgo_segment s;
	uint64_t vdso;

	core_each_note(core_of(target), core_file_note, &merge);
	if (core_auxv(target, CORE_AT_SYSINFO_EHDR, &vdso) && !merge.stopped &&
		core_segment(core_of(target), vdso, &s)) {
		struct rcgo_target_module m = {.path = "[vdso]",
			.start = vdso,
			.end = s.address + s.memory_size,
			.first_end = s.address + s.memory_size};

		if (m.end > m.start) {
			visit(&m, arg);
		}
	}
	return 0;
}

// ---------------------------------------------------------------------------- open

static void
core_close(struct rcgo_target *target)
{
	rcgo__elf_close(&((struct core_file *)(void *)target->state)->elf);
}

static const struct rcgo_target_ops core_ops = {
	.read = core_read,
	.each_module = core_each_module,
	.each_thread = core_each_thread,
	.registers = core_registers,
	.auxv = core_auxv,
	.close = core_close,
};

// Finds out whether the PT_LOADs are one sorted run.
static void
core_take_segments(struct core_file *c)
{
	struct rcgo_segment s;
	uint64_t last = 0;
	bool sorted = true;

	for (; c->segments < CORE_SEGMENTS_MAX && rcgo__elf_segment_at(&c->elf, c->segments, &s);
		c->segments++) {
		if (s.type != PT_LOAD) {
			continue;
		}
		sorted =
			sorted &&
			(c->loads == 0 || (c->segments == c->first + c->loads && s.address > last));
		c->first = c->loads == 0 ? c->segments : c->first;
		last = s.address;
		c->loads++;
	}
	c->loads = sorted ? c->loads : 0;
}

static int
core_take(struct rcgo_target *target, struct core_file *c)
{
	int err = c->elf.type != ET_CORE ? -EINVAL : !c->elf.wide || c->elf.big ? -ENOTSUP : 0;

	if (err == 0 && c->elf.machine != EM_X86_64 && c->elf.machine != EM_AARCH64) {
		err = -ENOTSUP;
	}
	if (err != 0) {
		rcgo__elf_close(&c->elf);
		return err;
	}
	core_take_segments(c);
	target->ops = &core_ops;
	target->machine = c->elf.machine;
	return 0;
}

int
rcgo_target_open_core(struct rcgo_target *target, const char *path)
{
	struct core_file *c = (struct core_file *)(void *)target->state;
	int err;

	*target = (struct rcgo_target){0};
	err = rcgo__elf_open(&c->elf, path);
	return err != 0 ? err : core_take(target, c);
}

int
rcgo__target_core_from_memory(struct rcgo_target *target, struct rcgo_bytes image)
{
	struct core_file *c = (struct core_file *)(void *)target->state;
	int err;

	*target = (struct rcgo_target){0};
	err = rcgo__elf_from_memory(&c->elf, image);
	return err != 0 ? err : core_take(target, c);
}
