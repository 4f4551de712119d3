// SPDX-License-Identifier: BSD-3-Clause
// Targets: processes, this one included. Memory is copied by the kernel, so a process that unmaps
// it meanwhile does no harm.
// Contract: proc(5), process_vm_readv(2)

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "arch.h"
#include "module_merge.h"
#include "rcgo_backtrace.h"
#include "safe_read.h"
#include "strbuf.h"
#include "task_file.h"

#define PROCESS_PIECES_MAX 16
#define PROCESS_PATH_MAX 64

struct process {
	int task;   // the directory of its threads
	int memory; // /proc/PID/mem, for where process_vm_readv is not permitted; -1: none
};
_Static_assert(sizeof(struct process) <= sizeof((struct rcgo_target *)0)->state, "state");

static const struct process *
process_of(const struct rcgo_target *target)
{
	return (const struct process *)(const void *)target->state;
}

// Makes the name /proc/PID/FILE.
static const char *
process_path(char *path, int32_t pid, const char *file)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(path, PROCESS_PATH_MAX);

	rcgo__append_str(&t, "/proc/");
	rcgo__append_uint(&t, (uint64_t)(uint32_t)pid, 0);
	rcgo__append_str(&t, "/");
	rcgo__append_str(&t, file);
	return path;
}

// ---------------------------------------------------------------------------- memory

static size_t
self_read(const struct rcgo_target *target, uint64_t address, void *to, size_t size)
{
	size_t done = 0;

	(void)target;
	while (done < size) {
		uint64_t at = address + done;
		size_t rest = RCGO_NOFAULT_PAGE - (size_t)(at % RCGO_NOFAULT_PAGE);
		size_t n = size - done < rest ? size - done : rest;

		if (!rcgo__copy_nofault((char *)to + done, (const void *)(uintptr_t)at, n)) {
			break;
		}
		done += n;
	}
	return done;
}

// Returns how many bytes were read, or -1.
static ssize_t
process_read_some(const struct rcgo_target *target, uint64_t address, void *to, size_t size)
{
	const struct process *p = process_of(target);
	struct iovec local = {to, size}, remote = {(void *)(uintptr_t)address, size};
	ssize_t n = process_vm_readv(target->pid, &local, 1, &remote, 1, 0);

	if (n < 0 && errno != EFAULT && errno != ESRCH && p->memory >= 0 && address <= INT64_MAX) {
		n = pread(p->memory, to, size, (off_t)address);
	}
	return n;
}

static size_t
process_read(const struct rcgo_target *target, uint64_t address, void *to, size_t size)
{
	int saved = errno;
	size_t done = 0;

	while (done < size) {
		ssize_t n =
			process_read_some(target, address + done, (char *)to + done, size - done);

		if (n <= 0) {
			break;
		}
		done += (size_t)n;
	}
	errno = saved;
	return done;
}

static size_t
process_read_pieces(
	const struct rcgo_target *target, const struct rcgo_target_piece *piece, size_t count)
{
	struct iovec local[PROCESS_PIECES_MAX], remote[PROCESS_PIECES_MAX];
	int saved = errno;
	ssize_t n;

	count = count < PROCESS_PIECES_MAX ? count : PROCESS_PIECES_MAX;
	for (size_t i = 0; i < count; i++) {
		local[i] = (struct iovec){piece[i].to, piece[i].size};
		remote[i] = (struct iovec){(void *)(uintptr_t)piece[i].address, piece[i].size};
	}
	n = process_vm_readv(target->pid, local, count, remote, count, 0);
	errno = saved;
	return n < 0 ? 0 : (size_t)n;
}

// ---------------------------------------------------------------------------- modules

struct process_maps {
	struct rcgo_module_merge merge;
	char path[2][RCGO_LINE_MAX]; // of the previous module and of this one
	unsigned current;
};

// Parses a line of the memory map. *path is the rest of it.
static bool
process_mapping(const char *line, struct rcgo_target_module *m, const char **path)
{
	uint64_t ignored;

	if (rcgo__parse_hex(&line, &m->start) != 0 || *line++ != '-' ||
		rcgo__parse_hex(&line, &m->end) != 0 || strlen(line) < 6) {
		return false;
	}
	line += 6; // the permissions, between spaces
	if (rcgo__parse_hex(&line, &m->offset) != 0 || rcgo__parse_hex(&line, &ignored) != 0 ||
		*line++ != ':' || rcgo__parse_hex(&line, &ignored) != 0 ||
		rcgo__parse_uint(&line, &m->inode) != 0) {
		return false;
	}
	*path = line + strspn(line, " ");
	return m->start < m->end;
}

static bool
process_map_line(const char *line, void *arg)
{
	struct process_maps *maps = arg;
	struct rcgo_target_module m = {0};
	struct rcgo_strbuf t;
	const char *path;

	if (!process_mapping(line, &m, &path) || (path[0] != '/' && strcmp(path, "[vdso]") != 0)) {
		return false;
	}
	if (maps->merge.module.path == NULL || strcmp(maps->merge.module.path, path) != 0) {
		maps->current ^= 1;
		t = rcgo__strbuf_init(maps->path[maps->current], RCGO_LINE_MAX);
		rcgo__append_str(&t, path);
	}
	m.path = maps->path[maps->current];
	return rcgo__merge_add(&maps->merge, &m);
}

static int
process_each_module(const struct rcgo_target *target, rcgo_target_module_fn visit, void *arg)
{
	struct process_maps maps = {.merge = {.visit = visit, .arg = arg}};
	char path[PROCESS_PATH_MAX];
	int err = rcgo__file_each_line(
		process_path(path, target->pid, "maps"), process_map_line, &maps);

	rcgo__merge_flush(&maps.merge);
	return err;
}

static bool
process_auxv(const struct rcgo_target *target, uint64_t type, uint64_t *value)
{
	char path[PROCESS_PATH_MAX];
	uint64_t pairs[128];
	long n = rcgo__file_read(
		process_path(path, target->pid, "auxv"), (char *)pairs, sizeof pairs);

	for (long i = 0; i + 2 <= n / (long)sizeof *pairs; i += 2) {
		if (pairs[i] == type) {
			*value = pairs[i + 1];
			return true;
		}
	}
	*value = 0;
	return false;
}

// ---------------------------------------------------------------------------- threads

struct process_dirent {
	uint64_t inode, offset;
	uint16_t length;
	uint8_t type;
	char name[];
};

static int
process_list(int fd, rcgo_target_thread_fn visit, void *arg)
{
	_Alignas(struct process_dirent) char entries[4096];
	long n;

	while ((n = syscall(SYS_getdents64, fd, entries, sizeof entries)) > 0) {
		for (long at = 0; at < n;) {
			const struct process_dirent *e = (const void *)(entries + at);
			const char *name = e->name;
			struct rcgo_target_thread th = {.syscall = -1};
			uint64_t tid;

			if (rcgo__parse_uint(&name, &tid) == 0 && tid <= INT32_MAX) {
				th.tid = (int32_t)tid;
				if (visit(&th, arg)) {
					return 0;
				}
			}
			at += e->length;
		}
	}
	return n < 0 ? -errno : 0;
}

static int
process_each_thread(const struct rcgo_target *target, rcgo_target_thread_fn visit, void *arg)
{
	int saved = errno;
	int fd = openat(process_of(target)->task, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int err = fd < 0 ? -errno : process_list(fd, visit, arg);

	if (fd >= 0) {
		close(fd);
	}
	errno = saved;
	return err;
}

int
rcgo__target_task_dir(const struct rcgo_target *target)
{
	return process_of(target)->task;
}

int
rcgo__task_file_open(int dir, int32_t tid, const char *file)
{
	char path[PROCESS_PATH_MAX];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);

	rcgo__append_uint(&t, (uint64_t)(uint32_t)tid, 0);
	rcgo__append_str(&t, "/");
	rcgo__append_str(&t, file);
	return openat(dir, path, O_RDONLY | O_CLOEXEC);
}

long
rcgo__task_file(int dir, int32_t tid, const char *file, char *text, size_t size)
{
	int fd = rcgo__task_file_open(dir, tid, file);
	ssize_t n;

	if (fd < 0) {
		text[0] = 0;
		return errno == ENOENT ? -ESRCH : -errno;
	}
	n = read(fd, text, size - 1);
	n = n < 0 ? -errno : n;
	close(fd);
	text[n > 0 ? n : 0] = 0;
	return n;
}

// The file says "running"; or "-1 SP PC" of a thread that waits outside a system call; or the
// number of the call, its six arguments, SP and PC.
static int
process_parse_syscall(const char *text, struct rcgo_target_thread *th, unsigned sp, unsigned pc)
{
	bool outside = text[0] == '-';
	uint64_t number;

	if (rcgo__has_prefix(text, "running", &text)) {
		return -EBUSY;
	}
	text += outside;
	if (rcgo__parse_uint(&text, &number) != 0) {
		return -EIO;
	}
	th->syscall = outside ? -1 : (int64_t)number;
	th->nr_args = 0;
	for (unsigned i = 0; i < (outside ? 2 : 8); i++) {
		uint64_t *to =
			outside || i >= 6 ? (i % 2 == 0 ? &th->reg[sp] : &th->pc) : &th->args[i];

		text += strspn(text, " ");
		if (!rcgo__has_prefix(text, "0x", &text) || rcgo__parse_hex(&text, to) != 0) {
			return -EIO;
		}
		th->nr_args += !outside && i < 6;
	}
	th->reg[pc] = pc != sp ? th->pc : th->reg[pc];
	th->known = (uint64_t)1 << sp;
	return 0;
}

// A thread in a system call has its arguments in these registers still. The vfork of some libraries
// has its return address in the first.
static void
process_take_arguments(struct rcgo_target_thread *th, bool amd64)
{
	static const uint8_t registers[2][6] = {{0, 1, 2, 3, 4, 5}, {5, 4, 1, 10, 8, 9}};

	for (unsigned i = 0; i < th->nr_args; i++) {
		unsigned reg = registers[amd64][i];

		th->reg[reg] = th->args[i];
		th->known |= (uint64_t)1 << reg;
	}
}

static int
process_registers(const struct rcgo_target *target, int32_t tid, struct rcgo_target_thread *thread)
{
	bool amd64 = target->machine == EM_X86_64;
	char text[256];
	int saved = errno;
	long n = rcgo__task_file(process_of(target)->task, tid, "syscall", text, sizeof text);
	int err;

	errno = saved;
	*thread = (struct rcgo_target_thread){.tid = tid, .syscall = -1};
	err = n < 0 ? (int)n : process_parse_syscall(text, thread, amd64 ? 7 : 31, amd64 ? 16 : 31);
	if (err == 0) {
		process_take_arguments(thread, amd64);
	}
	return err;
}

// ---------------------------------------------------------------------------- open

static void
process_close(struct rcgo_target *target)
{
	const struct process *p = process_of(target);
	int saved = errno;

	close(p->task);
	if (p->memory >= 0) {
		close(p->memory);
	}
	errno = saved;
}

static const struct rcgo_target_ops process_ops = {
	.read = process_read,
	.read_pieces = process_read_pieces,
	.each_module = process_each_module,
	.each_thread = process_each_thread,
	.registers = process_registers,
	.auxv = process_auxv,
	.close = process_close,
};

static const struct rcgo_target_ops self_ops = {
	.read = self_read,
	.each_module = process_each_module,
	.each_thread = process_each_thread,
	.registers = process_registers,
	.auxv = process_auxv,
	.close = process_close,
};

int
rcgo_target_open_process(struct rcgo_target *target, int32_t pid)
{
	struct process *p = (struct process *)(void *)target->state;
	char path[PROCESS_PATH_MAX];
	int saved = errno, err;

	*target =
		(struct rcgo_target){.ops = &process_ops, .pid = pid, .machine = RCGO_ELF_MACHINE};
	if (pid <= 0) {
		return -ESRCH;
	}
	p->task = open(process_path(path, pid, "task"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	err = p->task >= 0 ? 0 : errno == ENOENT ? -ESRCH : -errno;
	p->memory = err != 0 ? -1 : open(process_path(path, pid, "mem"), O_RDONLY | O_CLOEXEC);
	errno = saved;
	return err;
}

int
rcgo_target_open_self(struct rcgo_target *target)
{
	int err = rcgo_target_open_process(target, getpid());

	target->ops = &self_ops;
	return err;
}
