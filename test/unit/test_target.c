// SPDX-License-Identifier: BSD-3-Clause
// Targets: this process, another one, and core files made here, complete and damaged.
#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <elf.h>
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "arch.h"
#include "core_file.h"
#include "rcgo_backtrace.h"
#include "task_file.h"
#include "unit.h"
#include "unit_shell.h"

static unsigned long known = 1;

struct seen {
	uint64_t address; // an address that the module must contain
	int32_t tid;
	unsigned modules, threads, with_address, with_tid, vdso;
	char path[4096];
};

static bool
see_module(const struct rcgo_target_module *m, void *arg)
{
	struct seen *s = arg;

	CHECK(m->start < m->end && m->first_end <= m->end && m->first_end > m->start);
	s->modules++;
	s->vdso += strcmp(m->path, "[vdso]") == 0;
	if (s->address >= m->start && s->address < m->end) {
		s->with_address++;
		strncpy(s->path, m->path, sizeof s->path - 1);
	}
	return false;
}

static bool
see_thread(const struct rcgo_target_thread *th, void *arg)
{
	struct seen *s = arg;

	s->threads++;
	s->with_tid += th->tid == s->tid;
	return false;
}

static bool
stop_at_once(const struct rcgo_target_module *m, void *arg)
{
	(void)m;
	return ++*(unsigned *)arg == 1;
}

// A readable page and an inaccessible one.
static char *
half_readable(void)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED);
	memset(at, 'x', page);
	CHECK_INT(mprotect(at + page, page, PROT_NONE), 0);
	return at;
}

static void
check_reads(const struct rcgo_target *t, char *half, unsigned long want)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *to = malloc(2 * page);
	unsigned long got = 0;
	struct rcgo_target_piece pieces[] = {{(uintptr_t)&known, &got, sizeof got},
		{(uintptr_t)half, to, 10}, {(uintptr_t)half + page - 1, to, 2}};

	CHECK_INT(rcgo_target_read(t, (uintptr_t)&known, &got, sizeof got), sizeof got);
	CHECK_INT(got, want);
	got = 0;
	CHECK_INT(rcgo_target_read(t, (uintptr_t)half + 1, to, 2 * page - 1), page - 1);
	CHECK_INT(to[page - 2], 'x');
	CHECK_INT(rcgo_target_read(t, (uintptr_t)half + page, to, 1), 0);
	CHECK_INT(rcgo_target_read(t, UINT64_MAX - 2, to, 100), 0);
	CHECK_INT(rcgo_target_read(t, 0, to, 8), 0);
	CHECK_INT(rcgo_target_read_pieces(t, pieces, 2), sizeof got + 10);
	CHECK_INT(got, want);
	CHECK(rcgo_target_read_pieces(t, pieces, 3) <= sizeof got + 11);
	free(to);
}

static void
check_lists(const struct rcgo_target *t, int32_t tid)
{
	struct seen s = {.address = (uintptr_t)&see_module, .tid = tid};
	uint64_t phdr = 0;
	unsigned visits = 0;

	CHECK_INT(rcgo_target_each_module(t, see_module, &s), 0);
	CHECK_INT(s.with_address, 1);
	CHECK_INT(s.vdso, getauxval(AT_SYSINFO_EHDR) != 0);
	CHECK(s.modules > 1);
	CHECK_HAS(s.path, "test_target");
	CHECK_INT(rcgo_target_each_module(t, stop_at_once, &visits), 0);
	CHECK_INT(visits, 1);
	CHECK_INT(rcgo_target_each_thread(t, see_thread, &s), 0);
	CHECK_INT(s.with_tid, 1);
	CHECK(rcgo_target_auxv(t, AT_PHDR, &phdr) && phdr == getauxval(AT_PHDR));
	CHECK(!rcgo_target_auxv(t, 987654, &phdr));
}

TEST(this_process)
{
	char *half = half_readable();
	struct rcgo_target t;
	struct rcgo_target_thread th;

	CHECK_INT(rcgo_target_open_self(&t), 0);
	CHECK_INT(t.pid, getpid());
	CHECK_INT(t.machine, RCGO_ELF_MACHINE);
	check_reads(&t, half, 1);
	check_lists(&t, (int32_t)syscall(SYS_gettid));
	// The thread is in the call that asks, or runs. Some kernels lack this file.
	int err = rcgo_target_registers(&t, (int32_t)syscall(SYS_gettid), &th);
	if (!unit_emulated()) { // the kernel knows the emulator's call
		CHECK(err == -EBUSY || err == -ESRCH || (err == 0 && th.syscall == SYS_read));
	}
	rcgo_target_close(&t);
}

static void
wait_here(int fd)
{
	char byte;

	prctl(PR_SET_PDEATHSIG, SIGKILL); // a failed test leaves nobody who holds its output
	known = 2;
	while (read(fd, &byte, 1) >= 0) {
	}
	_exit(1);
}

TEST(another_process)
{
	char *half = half_readable();
	struct rcgo_target t;
	struct rcgo_target_thread th = {0};
	int ends[2], err = -EBUSY, status;

	CHECK_INT(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		wait_here(ends[0]);
	}
	CHECK_INT(rcgo_target_open_process(&t, pid), 0);
	for (int i = 0; i < 5000 && err == -EBUSY; i++) {
		usleep(1000);
		err = rcgo_target_registers(&t, pid, &th);
	}
	// The kernel may lack the file, a sandbox may forbid the access, and of an emulated
	// process the kernel knows the emulator.
	if (!unit_emulated() && err != -ESRCH && err != -EPERM) {
		CHECK_INT(err, 0);
		CHECK_INT(th.syscall, SYS_read);
		CHECK_INT(th.args[0], ends[0]);
		CHECK_INT(th.nr_args, 6);
		CHECK_INT(th.known >> RCGO_DW_SP & 1, 1);
		CHECK_INT(th.known >> RCGO_DW_FP & 1, 0);
		CHECK_INT(th.reg[RCGO_DW_SP == 7 ? 5 : 0], ends[0]); // the first argument
		CHECK(th.pc != 0 && th.reg[RCGO_DW_SP] % 8 == 0);
		check_reads(&t, half, 2);
		check_lists(&t, pid);
	}
	rcgo_target_close(&t);
	kill(pid, SIGKILL);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(rcgo_target_open_process(&t, pid), -ESRCH);
	CHECK_INT(rcgo_target_open_process(&t, 0), -ESRCH);
	CHECK_INT(rcgo_target_open_process(&t, -5), -ESRCH);
}

// ---------------------------------------------------------------------------- core files

// A core file that is being built.
struct core {
	uint8_t bytes[16384];
	size_t size;
};

static void *
append(struct core *c, const void *from, size_t n)
{
	void *at = c->bytes + c->size;

	CHECK(n <= sizeof c->bytes - c->size);
	memcpy(at, from, n);
	c->size += n;
	return at;
}

static void
note(struct core *c, uint32_t type, const void *content, size_t n)
{
	uint32_t head[] = {5, (uint32_t)n, type};

	append(c, head, sizeof head);
	append(c, "CORE\0\0\0", 8);
	append(c, content, n);
	c->size = (c->size + 3) & ~(size_t)3;
}

static void
thread_note(struct core *c, uint16_t machine, int32_t tid)
{
	uint8_t status[112 + 8 * 34 + 8] = {0};
	size_t registers = machine == EM_AARCH64 ? 34 : 27;

	memcpy(status + 32, &tid, sizeof tid);
	for (size_t i = 0; i < registers; i++) {
		uint64_t value = 1000 * (uint64_t)tid + i;

		memcpy(status + 112 + 8 * i, &value, sizeof value);
	}
	note(c, NT_PRSTATUS, status, 112 + 8 * registers + 8);
}

#define CORE_LOADS 3

// Two threads; two files, one with two mappings; the vDSO; adjacent pages at 0x10000 and 0x11000,
// of which the second is shorter in the file than in memory; at 0x20000 the vDSO.
static void
make_core(struct core *c, uint16_t machine, bool sorted)
{
	Elf64_Ehdr eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_CORE,
		.e_machine = machine,
		.e_version = 1,
		.e_phoff = sizeof eh,
		.e_ehsize = sizeof eh,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 1 + CORE_LOADS};
	Elf64_Phdr ph[1 + CORE_LOADS] = {{.p_type = PT_NOTE}};
	const uint64_t auxv[] = {AT_PHDR, 0x10040, AT_SYSINFO_EHDR, 0x20000, AT_NULL, 0};
	const uint64_t files[] = {
		3, 4096, 0x10000, 0x11000, 0, 0x11000, 0x12000, 1, 0x40000, 0x41000, 0};
	uint8_t content[24 * 8 + sizeof files];
	size_t place[CORE_LOADS] = {0, 1, 2};

	c->size = 0;
	append(c, &eh, sizeof eh);
	append(c, ph, sizeof ph);
	ph[0].p_offset = c->size;
	thread_note(c, machine, 71);
	note(c, NT_AUXV, auxv, sizeof auxv);
	memcpy(content, files, sizeof files);
	memcpy(content + sizeof files, "/bin/a\0/bin/a\0/lib/b", 21);
	note(c, NT_FILE, content, sizeof files + 21);
	thread_note(c, machine, 72);
	ph[0].p_filesz = c->size - ph[0].p_offset;
	if (!sorted) {
		place[0] = 1;
		place[1] = 0;
	}
	for (size_t i = 0; i < CORE_LOADS; i++) {
		uint8_t page[4096];

		memset(page, 'a' + (int)i, sizeof page);
		ph[1 + place[i]] = (Elf64_Phdr){.p_type = PT_LOAD,
			.p_offset = c->size,
			.p_vaddr = i == 2 ? 0x20000 : 0x10000 + 0x1000 * i,
			.p_filesz = i == 1 ? 0x800 : 0x1000,
			.p_memsz = 0x1000};
		append(c, page, i == 1 ? 0x800 : 0x1000);
	}
	memcpy(c->bytes + sizeof eh, ph, sizeof ph);
}

static int
open_bytes(struct rcgo_target *t, const struct core *c)
{
	return rcgo__target_core_from_memory(
		t, (struct rcgo_bytes){.at = c->bytes, .size = c->size});
}

static void
check_core(uint16_t machine, bool sorted)
{
	static struct core c;
	struct seen s = {.address = 0x11800, .tid = 72};
	struct rcgo_target t;
	struct rcgo_target_thread th;
	uint64_t phdr;
	char to[0x2000];

	make_core(&c, machine, sorted);
	CHECK_INT(open_bytes(&t, &c), 0);
	CHECK_INT(t.machine, machine);
	CHECK_INT(rcgo_target_each_thread(&t, see_thread, &s), 0);
	CHECK_INT(s.threads, 2);
	CHECK_INT(s.with_tid, 1);
	CHECK_INT(rcgo_target_each_module(&t, see_module, &s), 0);
	CHECK_INT(s.modules, 3);
	CHECK_INT(s.vdso, 1);
	CHECK_STR(s.path, "/bin/a");
	CHECK(rcgo_target_auxv(&t, AT_PHDR, &phdr) && phdr == 0x10040);
	CHECK(!rcgo_target_auxv(&t, AT_ENTRY, &phdr));
	// From the first page into the second, as far as the file has data.
	CHECK_INT(rcgo_target_read(&t, 0x10ff0, to, sizeof to), 0x10 + 0x800);
	CHECK(to[0xf] == 'a' && to[0x10] == 'b');
	CHECK_INT(rcgo_target_read(&t, 0x11800, to, 1), 0);
	CHECK_INT(rcgo_target_read(&t, 0xffff, to, 1), 0);
	CHECK_INT(rcgo_target_read(&t, 0x20fff, to, 9), 1);
	CHECK_INT(rcgo_target_registers(&t, 72, &th), 0);
	if (machine == EM_AARCH64) {
		CHECK(th.pc == 72032 && th.reg[31] == 72031 && th.reg[0] == 72000);
		CHECK(th.reg[30] == 72030 && th.known == (uint64_t)UINT32_MAX);
	} else {
		CHECK(th.pc == 72016 && th.reg[7] == 72019 && th.reg[6] == 72004); // rip, rsp, rbp
		CHECK(th.syscall == 72015 && th.args[0] == 72014 && th.nr_args == 6);
	}
	CHECK_INT(rcgo_target_registers(&t, 73, &th), -ESRCH);
	rcgo_target_close(&t);
}

TEST(a_core_file)
{
	check_core(EM_X86_64, true);
	check_core(EM_X86_64, false);
	check_core(EM_AARCH64, true);
}

TEST(a_file_of_a_thread)
{
	int32_t own = (int32_t)syscall(SYS_gettid);
	char text[64] = "x", name[16] = "";
	struct rcgo_target t;

	CHECK_INT(rcgo_target_open_self(&t), 0);
	prctl(PR_GET_NAME, name);
	CHECK_INT(rcgo__task_file(rcgo__target_task_dir(&t), own, "comm", text, sizeof text),
		(long)strlen(name) + 1);
	CHECK(strncmp(text, name, strlen(name)) == 0 && text[strlen(name)] == '\n');
	CHECK_INT(rcgo__task_file(rcgo__target_task_dir(&t), own, "comm", text, 2), 1);
	CHECK(text[0] == name[0] && text[1] == '\0');
	// No thread has a number beyond the kernel's limit.
	CHECK_INT(rcgo__task_file(rcgo__target_task_dir(&t), INT32_MAX, "comm", text, sizeof text),
		-ESRCH);
	CHECK_STR(text, "");
	rcgo_target_close(&t);
}

TEST(what_is_no_core_file)
{
	static struct core c;
	struct rcgo_target t;

	make_core(&c, EM_X86_64, true);
	unit_shell_write("core", c.bytes, c.size);
	CHECK_INT(rcgo_target_open_core(&t, unit_shell_path("core")), 0);
	CHECK_INT(t.pid, 0);
	rcgo_target_close(&t);
	CHECK_INT(rcgo_target_open_core(&t, unit_shell_path("none")), -ENOENT);
	CHECK_INT(rcgo_target_open_core(&t, "/proc/self/exe"), -EINVAL);
	unit_shell_write("text", "hello", 5);
	CHECK_INT(rcgo_target_open_core(&t, unit_shell_path("text")), -ENOEXEC);
	c.bytes[18] = EM_386; // e_machine
	CHECK_INT(open_bytes(&t, &c), -ENOTSUP);
}

static bool
touch_module(const struct rcgo_target_module *m, void *arg)
{
	*(size_t *)arg += strlen(m->path) + (m->start < m->end);
	return false;
}

static bool
touch_thread(const struct rcgo_target_thread *th, void *arg)
{
	*(size_t *)arg += (size_t)th->pc;
	return false;
}

// The sanitizers detect reads out of bounds.
TEST(survives_damage)
{
	static struct core whole;
	char to[4096];

	for (unsigned round = 0; round < 20000; round++) {
		size_t n, sum = 0;
		struct rcgo_target t;
		struct core *c;
		uint64_t value;

		make_core(&whole, round % 2 == 0 ? EM_X86_64 : EM_AARCH64, round % 4 < 2);
		n = round % 5 == 0 ? unit_random() % whole.size : whole.size;
		c = malloc(sizeof *c);
		memcpy(c->bytes, whole.bytes, n);
		c->size = n;
		for (unsigned k = 0; k < round % 7 && n > 0; k++) {
			size_t reach = n < 2048 || round % 3 == 0 ? n : 2048;

			c->bytes[unit_random() % reach] =
				round % 2 == 0 ? 0xff : (uint8_t)unit_random();
		}
		if (open_bytes(&t, c) == 0) {
			rcgo_target_each_module(&t, touch_module, &sum);
			rcgo_target_each_thread(&t, touch_thread, &sum);
			rcgo_target_auxv(&t, AT_PHDR, &value);
			for (uint64_t at = 0xf000; at < 0x22000; at += 0x7f0) {
				sum += rcgo_target_read(&t, at, to, sizeof to);
			}
			rcgo_target_close(&t);
		}
		known += sum & 0;
		free(c);
	}
}

UNIT_MAIN(UNIT_TEST(this_process), UNIT_TEST(another_process), UNIT_TEST(a_core_file),
	UNIT_TEST(a_file_of_a_thread), UNIT_TEST(what_is_no_core_file), UNIT_TEST(survives_damage))
