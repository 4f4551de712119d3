// SPDX-License-Identifier: BSD-3-Clause
// Traceback Generation, unwind: which object holds an address.

#define _GNU_SOURCE // dlmopen, dl_iterate_phdr
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "module.h"
#include "module_internal.h"
#include "unit.h"

// What the dynamic linker reports about the object that contains an address.
struct truth {
	uintptr_t address, start, end, bias, hdr;
	bool found;
};

static int
visit(struct dl_phdr_info *info, size_t size, void *arg)
{
	struct truth *t = arg;
	struct truth now = {.start = UINTPTR_MAX, .bias = info->dlpi_addr};

	(void)size;
	for (int i = 0; i < info->dlpi_phnum; i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];
		uintptr_t at = info->dlpi_addr + p->p_vaddr;

		if (p->p_type == PT_LOAD) {
			now.start = at < now.start ? at : now.start;
			now.end = at + p->p_memsz > now.end ? at + p->p_memsz : now.end;
		}
		if (p->p_type == PT_GNU_EH_FRAME) {
			now.hdr = at;
		}
	}
	if (t->address >= now.start && t->address < now.end) {
		now.address = t->address;
		now.found = true;
		*t = now;
		return 1;
	}
	return 0;
}

// Checks that m agrees with the dynamic linker about address.
static void
check_module(uintptr_t address, const struct rcgo_module *m)
{
	struct truth t = {.address = address};

	dl_iterate_phdr(visit, &t);
	CHECK(t.found);
	CHECK_INT(m->start, t.start & ~(uintptr_t)4095);
	CHECK((m->end + 4095) / 4096 == (t.end + 4095) / 4096);
	CHECK_INT(m->bias, t.bias);
	CHECK_INT((uintptr_t)m->eh_frame_hdr, t.hdr);
	CHECK(m->key != 0);
}

static void
check_found(uintptr_t address, bool nodelete)
{
	struct rcgo_module m;

	errno = 77;
	CHECK(rcgo__module_find(address, &m));
	CHECK_INT(errno, 77);
	check_module(address, &m);
	CHECK_INT(m.nodelete, nodelete);
}

TEST(finds_what_was_there_at_the_start)
{
	if (getenv("UNIT_EMULATED") != NULL) {
		unit_skip("the emulator rounds the ends of objects");
	}
	rcgo__modules_init();
	check_found((uintptr_t)&rcgo__modules_init, true);
	check_found((uintptr_t)dlsym(RTLD_DEFAULT, "getpid"), true);
	check_found((uintptr_t)dlsym(RTLD_DEFAULT, "_dl_find_object"), true); // the dynamic linker
}

// Whether the vDSO has unwind information: on arm64 it has none from Linux 5.10 on.
static bool
has_eh_frame_hdr(uintptr_t header)
{
	const ElfW(Ehdr) *e = (const ElfW(Ehdr) *)header;
	const ElfW(Phdr) *p = (const ElfW(Phdr) *)(header + e->e_phoff);

	for (size_t i = 0; i < e->e_phnum; i++) {
		if (p[i].p_type == PT_GNU_EH_FRAME) {
			return true;
		}
	}
	return false;
}

TEST(finds_the_vdso)
{
	uintptr_t header = getauxval(AT_SYSINFO_EHDR);
	struct rcgo_module m;
	char name[64];

	if (header == 0) {
		unit_skip("no vDSO here");
	}
	rcgo__modules_init();
	CHECK(rcgo__module_find(header + 64, &m));
	CHECK_INT(m.start, header);
	CHECK(m.nodelete);
	CHECK((m.eh_frame_hdr != NULL) == has_eh_frame_hdr(header));
	CHECK(rcgo__module_name(&m, name, sizeof name));
	CHECK_STR(name, "[vdso]");
}

TEST(finds_nothing_where_nothing_is)
{
	struct rcgo_module m;
	void *memory = mmap(
		NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	rcgo__modules_init();
	for (int i = 0; i < 100; i++) {
		CHECK(!rcgo__module_find(0, &m));
		CHECK(!rcgo__module_find(UINTPTR_MAX, &m));
		CHECK(!rcgo__module_find((uintptr_t)memory, &m));
		CHECK(!rcgo__module_find((uintptr_t)&m, &m));
	}
}

static uintptr_t
load(const char *library, const char *symbol, void **handle)
{
	uintptr_t address;

	*handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
	if (*handle == NULL) {
		unit_skip("%s", dlerror());
	}
	address = (uintptr_t)dlsym(*handle, symbol);
	CHECK(address != 0);
	return address;
}

TEST(finds_what_is_loaded_later_and_forgets_what_goes)
{
	struct rcgo_module m;
	void *handle;
	uintptr_t address;

	rcgo__modules_init();
	for (int refresh = 0; refresh < 2; refresh++) {
		address = load("libnss_compat.so.2", "_nss_compat_setpwent", &handle);
		if (refresh) {
			rcgo__modules_refresh();
		}
		check_found(address, false);
		CHECK_INT(dlclose(handle), 0);
		CHECK(!rcgo__module_find(address, &m));
	}
}

TEST(finds_other_namespaces)
{
	void *handle;
	uintptr_t address;
	struct rcgo_module m;

	rcgo__modules_init();
	handle = dlmopen(LM_ID_NEWLM, "libnss_compat.so.2", RTLD_NOW);
	if (handle == NULL) {
		unit_skip("%s", dlerror());
	}
	address = (uintptr_t)dlsym(handle, "_nss_compat_setpwent");
	CHECK(rcgo__module_find(address, &m));
	CHECK(address - m.start < m.end - m.start);
	CHECK(m.eh_frame_hdr != NULL);
}

TEST(the_kernel_knows_too)
{
	void *handle;
	uintptr_t address = load("libnss_compat.so.2", "_nss_compat_setpwent", &handle);
	struct rcgo_module m;

	CHECK(rcgo__kernel_lookup_find(address, &m));
	check_module(address, &m);
	CHECK(!m.nodelete);
	for (int i = 0; i < 1000; i++) { // the kernel is not asked again
		CHECK(rcgo__kernel_lookup_find(address + (uintptr_t)i, &m));
	}
	CHECK_INT(dlclose(handle), 0);
	CHECK(!rcgo__kernel_lookup_find(address, &m));
}

TEST(without_any_list_the_kernel_is_asked)
{
	check_found((uintptr_t)&rcgo__modules_init, false);
}

// Maps the program's file as an object with gaps of 60 KiB and 1 MiB between its segments.
static void
map_with_holes(void)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	long page = sysconf(_SC_PAGESIZE);
	char *at = mmap(NULL, 4 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const size_t offsets[] = {0, (size_t)page + 61440, 2 * (size_t)page + 61440 + (1 << 20)};

	CHECK(fd >= 0 && at != MAP_FAILED);
	CHECK_INT(munmap(at, 4 << 20), 0);
	for (size_t i = 0; i < UNIT_COUNTOF(offsets); i++) {
		char *where = at + offsets[i] / (size_t)page * (size_t)page;

		CHECK(mmap(where, (size_t)page, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd,
			      (off_t)i * page) == where);
	}
	close(fd);
}

// Both ways to ask the kernel agree about every mapping.
TEST(the_kernel_says_the_same_twice)
{
	map_with_holes();
	FILE *maps = fopen("/proc/self/maps", "r");
	char line[8192];
	int mappings = 0;

	while (fgets(line, sizeof line, maps) != NULL) {
		struct rcgo_mapping a, b;
		char name_a[4096], name_b[4096];
		unsigned long start, end;
		int at = 0;
		int fd = open("/proc/self/maps", O_RDONLY);
		enum rcgo_lookup_result answer;

		line[strcspn(line, "\n")] = 0;
		CHECK_INT(sscanf(line, "%lx-%lx %*s %*s %*s %*s %n", &start, &end, &at), 2);
		if (strcmp(line + at, "[heap]") == 0 || strcmp(line + at, "[stack]") == 0 ||
			strcmp(line + at, "[vsyscall]") == 0) {
			continue; // grows during the test, or is not ours
		}
		CHECK(rcgo__mapping_read(fd, start + (end - start) / 2, &a, name_a, sizeof name_a));
		CHECK_INT(a.start, start);
		CHECK_INT(a.end, end);
		CHECK_STR(name_a, line + at);
		answer = rcgo__mapping_query(fd, end - 1, &b, name_b, sizeof name_b);
		CHECK(answer != RCGO_LOOKUP_NO);
		if (answer == RCGO_LOOKUP_YES) {
			CHECK_INT(b.start, start);
			CHECK_INT(b.end, end);
			CHECK_INT(b.header, a.header);
			CHECK_STR(name_b, name_a);
		}
		close(fd);
		mappings++;
	}
	CHECK(mappings > 5);
	fclose(maps);
}

TEST(knows_names_and_build_ids)
{
	char path[4096], self[4096] = {0};
	struct rcgo_module m;
	uint8_t id[64];

	rcgo__modules_init();
	CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
	CHECK(rcgo__module_find((uintptr_t)&rcgo__modules_init, &m));
	CHECK(rcgo__module_name(&m, path, sizeof path));
	CHECK_STR(path, self);
	CHECK(rcgo__module_find((uintptr_t)dlsym(RTLD_DEFAULT, "getpid"), &m));
	CHECK(rcgo__module_name(&m, path, sizeof path));
	CHECK_HAS(path, "libc");
	memset(id, 0, sizeof id);
	CHECK_INT(rcgo__module_build_id(&m, id, sizeof id), 20);
	CHECK(id[0] != 0 || id[1] != 0);
	CHECK_INT(id[20], 0);
	CHECK_INT(rcgo__module_build_id(&m, id, 3), 20);
	CHECK(rcgo__module_name(&m, path, 4));
	CHECK_INT(strlen(path), 3);
	CHECK(!rcgo__module_name(&m, path, 0));
}

// The mark that Go's linker leaves in its output: this program has it too.
__asm__(".pushsection .note.go.buildid, \"a\"\n"
	".balign 4\n"
	".long 4, 8, 4\n"
	".ascii \"Go\\0\\0some id.\"\n"
	".popsection\n");

TEST(knows_objects_by_their_notes)
{
	static const struct rcgo_note_kind go_build_id = {"Go", 4};
	struct rcgo_module m;

	rcgo__modules_init();
	CHECK(rcgo__module_find((uintptr_t)&rcgo__modules_init, &m) &&
		rcgo__module_has_note(&m, &go_build_id));
	CHECK(rcgo__module_find((uintptr_t)dlsym(RTLD_DEFAULT, "getpid"), &m));
	CHECK(!rcgo__module_has_note(&m, &go_build_id));
}

UNIT_MAIN(UNIT_TEST(finds_what_was_there_at_the_start), UNIT_TEST(finds_the_vdso),
	UNIT_TEST(finds_nothing_where_nothing_is),
	UNIT_TEST(finds_what_is_loaded_later_and_forgets_what_goes),
	UNIT_TEST(finds_other_namespaces), UNIT_TEST(the_kernel_knows_too),
	UNIT_TEST(without_any_list_the_kernel_is_asked), UNIT_TEST(the_kernel_says_the_same_twice),
	UNIT_TEST(knows_names_and_build_ids), UNIT_TEST(knows_objects_by_their_notes))
