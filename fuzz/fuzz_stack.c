// SPDX-License-Identifier: BSD-3-Clause
// Fuzzers: what rcgo stack reads of a process: the tables of Go's functions, the lists of its
// threads and goroutines, call frame information, and stacks. The process is made here, and
// consistent; the input says what is damaged in it. Each change is three bytes, place and length,
// and what to write.

#ifndef _GNU_SOURCE
#	define _GNU_SOURCE
#endif
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "fuzz_alloc.h"
#include "stack.h"

// So that no read is left out.
uint64_t fuzz_stack_sink;

// Of files that are not fuzzed here.
const char signal_note[] = "a signal was handled";

size_t
core_read(struct target *t, uint64_t address, void *to, size_t size)
{
	(void)t;
	(void)address;
	(void)to;
	(void)size;
	abort();
}

enum {
	BASE = 0x400000, // where the file is mapped
	FILE_SIZE = 0x4000,
	PCLNTAB = 0x400, // offsets in the file
	TEXT = 0x1000,
	CODE = 0x1800, // of C
	BARE = 0x1900,
	EH_FRAME = 0xc00,
	DATA = 0x3000, // moduledata, the variables, and what they point to
	FUNCS = 9,
	FUNC_SIZE = 64,
	STACK = 0x3800, // two stacks, in the data as well
};

static const char *const names[FUNCS] = {"main.main", "main._Cfunc_f", "runtime.cgocall",
	"runtime.asmcgocall", "runtime.cgocallback", "crosscall2", "runtime.systemstack",
	"runtime.goexit", "runtime.mcall"};

static uint8_t whole[FILE_SIZE], image[FILE_SIZE];

static void
put64(uint8_t *to, uint64_t value)
{
	memcpy(to, &value, sizeof value);
}

static void
put32(uint8_t *to, uint32_t value)
{
	memcpy(to, &value, sizeof value);
}

// Layouts of 1.26: see go_layout.c.
static void
make_g(uint8_t *g, uint64_t m, uint64_t lo, uint64_t hi, uint64_t sp, uint64_t pc, uint32_t status)
{
	put64(g, lo);
	put64(g + 8, hi);
	put64(g + 48, m);
	put64(g + 56, sp);
	put64(g + 64, pc);
	put64(g + 104, status == 3 ? sp : 0); // syscallsp and pc
	put64(g + 112, status == 3 ? pc : 0);
	put32(g + 144, status);
	put64(g + 152, 1);
}

// The functions: a frame of 16 bytes each; a file and a line; in the first an inlined call.
static void
make_functions(uint8_t *p)
{
	uint8_t *text = p + 72, *pctab = p + 0x180, *pcln = p + 0x1c0;
	size_t name = 1;

	// +16 for all of the code; 0; line 10; index 0.
	memcpy(pctab, "\0\x22\x40\0\2\x40\0\x16\x40\0\2\x40\0", 13);
	memcpy(p + 0x170, "\0\0\0\0", 4); // cu: the file at 0
	memcpy(p + 0x178, "main.go", 8);
	for (unsigned i = 0; i < FUNCS; i++) {
		uint8_t *f = pcln + 8 * (FUNCS + 1) + 60 * i;

		put32(pcln + 8 * i, FUNC_SIZE * i);
		put32(pcln + 8 * i + 4, (uint32_t)(f - pcln));
		put32(f, FUNC_SIZE * i);
		put32(f + 4, (uint32_t)name);
		memcpy(text + name, names[i], strlen(names[i]) + 1);
		name += strlen(names[i]) + 1;
		put32(f + 16, 1);		    // pcsp
		put32(f + 20, 4);		    // pcfile
		put32(f + 24, 7);		    // pcln
		put32(f + 28, 3);		    // npcdata
		put32(f + 32, 0);		    // cu
		f[43] = 4;			    // nfuncdata
		put32(f + 44 + 8, i == 0 ? 10 : 0); // pcdata 2
	}
	put32(pcln + 8 * FUNCS, FUNC_SIZE * FUNCS);
}

static void
make_pclntab(uint8_t *p)
{
	put32(p, 0xfffffff1);
	p[6] = 1;
	p[7] = 8;
	put64(p + 8, FUNCS);
	put64(p + 16, 1);
	put64(p + 32, 72);
	put64(p + 40, 0x170);
	put64(p + 48, 0x178);
	put64(p + 56, 0x180);
	put64(p + 64, 0x1c0);
	make_functions(p);
}

// moduledata, allm, allgs, an M and its three goroutines.
static void
make_data(uint8_t *d)
{
	const uint64_t pcl = BASE + PCLNTAB, at = BASE + DATA;
	const uint64_t m = at + 0x200, g0 = at + 0x3a0, curg = at + 0x540, gsignal = at + 0x6e0;
	const uint64_t words[32] = {pcl, pcl + 72, 0x100, 0x100, pcl + 0x170, 1, 1, pcl + 0x178, 8,
		8, pcl + 0x180, 0x40, 0x40, pcl + 0x1c0, 0x400, 0x400, pcl + 0x1c0, FUNCS + 1,
		FUNCS + 1, 0, 0, 0, BASE + TEXT, BASE + TEXT + FUNC_SIZE * FUNCS, at, at + 0x800,
		at, at, at, at, at, at};

	memcpy(d, words, sizeof words);
	put64(d + 0x1c0, m);	      // allm
	put64(d + 0x1c8, at + 0x1f0); // allgs
	put64(d + 0x1d0, 2);
	put64(d + 0x1d8, 2);
	put64(d + 0x1f0, g0);
	put64(d + 0x1f8, curg);
	put64(d + 0x200, g0);
	put64(d + 0x200 + 64, 1); // procid
	put64(d + 0x200 + 72, gsignal);
	put64(d + 0x200 + 184, curg);
	put32(d + 0x200 + 328, 1); // ncgo
	make_g(d + 0x3a0, m, BASE + STACK, BASE + STACK + 0x400, BASE + STACK + 0x200,
		BASE + TEXT + FUNC_SIZE * 4 + 8, 2);
	make_g(d + 0x540, m, BASE + STACK + 0x400, BASE + STACK + 0x800, BASE + STACK + 0x500,
		BASE + TEXT + FUNC_SIZE * 2 + 8, 3);
	make_g(d + 0x6e0, m, BASE + STACK, BASE + STACK + 0x100, 0, 0, 2);
}

// C's code, with call frame information, calls from asmcgocall, and on g0 lies what called back.
static void
make_stacks(uint8_t *f)
{
	uint8_t *s = f + STACK;
	const uint64_t text = BASE + TEXT + 9;

	for (unsigned i = 0; i + 24 <= 0x400; i += 24) { // on g0: return addresses, 24 bytes apart
		put64(s + i + 16, text + FUNC_SIZE * (3 + i % 3));
		put64(s + 0x400 + i + 16, text + FUNC_SIZE * (i % FUNCS));
	}
	put64(s + 0x100 + 8, BASE + CODE + 9);
	memset(f + CODE, 0xe8, 0x100); // calls, as far as anybody can see
}

// A function without call frame information: it branches, and returns at its end and before.
static void
make_bare_code(uint8_t *f)
{
	static const uint8_t code[] = {0x55, 0x48, 0x89, 0xe5,	 // push %rbp; mov %rsp, %rbp
		0x41, 0x54, 0x48, 0x83, 0xec, 0x18,		 // push %r12; sub $24, %rsp
		0xe8, 0xf1, 0xfe, 0xff, 0xff,			 // call CODE
		0x48, 0x83, 0xc4, 0x18, 0x74, 0x06,		 // add $24, %rsp; je
		0x4c, 0x8b, 0x24, 0x24, 0xc9, 0xc3,		 // mov (%rsp), %r12; leave; ret
		0x41, 0x5c, 0x5d, 0xff, 0x25, 0xf0, 0x0f, 0, 0}; // pop; pop; jmp *4080(%rip)

	memcpy(f + BARE, code, sizeof code);
}

static void
make_cfi(uint8_t *e)
{
	// .eh_frame_hdr with one entry, the CIE, an FDE for C's code: CFA = rsp+16, ra at -8.
	static const uint8_t cie[] = {0x14, 0, 0, 0, 0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1,
		0x1b, 0xc, 7, 16, 0x90, 1, 0, 0};
	uint8_t *fde = e + 0x40;
	const int32_t at = EH_FRAME;

	memcpy(e, "\1\x1b\3\x3b", 4);
	put32(e + 4, 0x24 - 4);
	put32(e + 8, 1);
	put32(e + 12, (uint32_t)(CODE - at));
	put32(e + 16, 0x40);
	memcpy(e + 0x24, cie, sizeof cie);
	put32(fde, 0x14);
	put32(fde + 4, 0x40 + 4 - 0x24);
	put32(fde + 8, (uint32_t)(CODE - (at + 0x48)));
	put32(fde + 12, 0x100);
}

static void
make_whole(void)
{
	Elf64_Ehdr eh = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, 1},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_version = 1,
		.e_phoff = sizeof eh,
		.e_ehsize = sizeof eh,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 4};
	const Elf64_Phdr ph[4] = {
		{PT_LOAD, PF_R, 0, BASE, BASE, TEXT, TEXT, 4096},
		{PT_LOAD, PF_R | PF_X, TEXT, BASE + TEXT, BASE + TEXT, DATA - TEXT, DATA - TEXT,
			4096},
		{PT_LOAD, PF_R | PF_W, DATA, BASE + DATA, BASE + DATA, 0x1000, 0x1000, 4096},
		{PT_GNU_EH_FRAME, PF_R, EH_FRAME, BASE + EH_FRAME, BASE + EH_FRAME, 0x24, 0x24, 4},
	};

	memcpy(whole, &eh, sizeof eh);
	memcpy(whole + sizeof eh, ph, sizeof ph);
	make_pclntab(whole + PCLNTAB);
	make_cfi(whole + EH_FRAME);
	make_data(whole + DATA);
	make_stacks(whole);
	make_bare_code(whole);
}

static size_t
read_image(struct target *t, uint64_t address, void *to, size_t size)
{
	uint64_t offset = address - BASE;
	size_t n;

	(void)t;
	if (offset >= FILE_SIZE) {
		return 0;
	}
	n = size < FILE_SIZE - offset ? size : FILE_SIZE - (size_t)offset;
	memcpy(to, image + offset, n);
	return n;
}

static void
damage(const uint8_t *data, size_t size)
{
	while (size >= 4) {
		size_t at = ((size_t)data[0] | (size_t)data[1] << 8) % FILE_SIZE;
		size_t n = (size_t)data[2] % 8 + 1;

		n = n < size - 3 ? n : size - 3;
		n = n < FILE_SIZE - at ? n : FILE_SIZE - at;
		memcpy(image + at, data + 3, n);
		data += 3 + n;
		size -= 3 + n;
	}
}

static void
look_at_names(const struct go_state *go, const struct stack *stack)
{
	struct go_line lines[16];
	struct go_func f;

	for (size_t i = 0; i < stack->n; i++) {
		if (go_func_at(go, stack->frame[i].pc, &f)) {
			size_t n = go_lines(&f, stack->frame[i].pc, lines, 16);

			if (n < 1 || n > 16) {
				abort();
			}
			for (size_t k = 0; k < n; k++) {
				fuzz_stack_sink += strlen(lines[k].function) + lines[k].line;
				fuzz_stack_sink +=
					lines[k].file != NULL ? strlen(lines[k].file) : 0;
			}
		}
	}
}

// Where the thread is: in C, in asmcgocall's C, in Go, or where the input says.
static void
look_at_thread(struct target *t, struct go_state *go, uint8_t how)
{
	static const uint64_t pcs[4] = {BASE + CODE + 8, BASE + TEXT + 8,
		BASE + TEXT + 3 * FUNC_SIZE + 8, BASE + TEXT + 7 * FUNC_SIZE};
	struct walk *w = fuzz_calloc(1, sizeof *w);
	struct thread *th = &t->thread[0];

	th->pc = (how & 0x80) != 0 ? BASE + BARE + 15 : pcs[how & 3];
	th->sp = BASE + STACK + ((how & 4) != 0 ? 0x400 : 0) + (how >> 3) * 8;
	th->reg[7] = th->sp;
	th->reg[6] = th->sp + 16;
	th->known = (how & 8) != 0 ? 0x1ffff : 1 << 7;
	for (size_t i = 0; i < go->runtimes; i++) {
		struct go_runtime *r = &go->runtime[i];
		struct goroutine *list;
		size_t total;

		go_read_ms(t, r);
		if (r->ms > 0 && th->ms < THREAD_MS_MAX) {
			th->own[th->ms++] = (struct thread_m){.runtime = r, .m = r->m[0].address};
		}
		for (size_t k = go_read_gs(t, r, &list, 100, &total); k-- > 0;) {
			go_wait_reason(t, r, &list[k].g);
			look_at_names(go, walker_amd64.goroutine(t, go, &list[k], w));
		}
	}
	look_at_names(go, walker_amd64.thread(t, go, th, w));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[64];
	struct thread thread = {.tid = 1, .ns_tid = 1};
	struct target t = {
		.read = read_image, .machine = EM_X86_64, .thread = &thread, .threads = 1};
	struct go_state go = {0};
	struct module *m;
	const uint8_t *eh_frame;
	size_t eh_frame_size;

	if (file < 0) {
		make_whole();
		file = memfd_create("image", MFD_CLOEXEC);
		snprintf(path, sizeof path, "/proc/self/fd/%d", file);
	}
	memcpy(image, whole, sizeof image);
	if (size > 0) {
		damage(data + 1, size - 1);
	}
	if (pwrite(file, image, sizeof image, 0) != (ssize_t)sizeof image) {
		abort();
	}
	m = target_add_module(&t, "image");
	m->file = path;
	m->start = m->first = BASE;
	m->end = BASE + FILE_SIZE;
	go_find(&t, &go);
	if (size == 0 && (go.runtimes != 1 || go.runtime[0].layout == NULL)) {
		abort(); // what is whole is understood
	}
	look_at_thread(&t, &go, size > 0 ? data[0] : 0);
	if (m->usable && module_search_eh_frame(m, &eh_frame, &eh_frame_size)) {
		for (size_t i = 0; i < eh_frame_size; i++) {
			fuzz_stack_sink += eh_frame[i];
		}
	} else if (size == 0) {
		abort();
	}
	if (m->image != NULL) {
		munmap((void *)(uintptr_t)m->image, m->image_size);
	}
	rcgo__elf_close(&m->elf);
	fuzz_free_all();
	return 0;
}
