// SPDX-License-Identifier: BSD-3-Clause
// Unwind: compares every row of an ELF file's .eh_frame, as readelf prints it, with the row and the
// entry that the unwinder works out for that address. Long because: a program of its own.
// usage: readelf -wF FILE | cfi_rows [--scan] FILE    --scan: without the sorted table

#include <elf.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cfi_fast.h"
#include "unwind_cache.h"

static struct rcgo_cfi_area area;
static uintptr_t bias, hdr;
static size_t hdr_size;

static void
fail(const char *what, const char *path)
{
	fprintf(stderr, "cfi_rows: %s: %s\n", path, what);
	exit(2);
}

static void
need_hdr(bool there)
{
	if (!there) {
		printf("0 rows: no PT_GNU_EH_FRAME\n");
		exit(0);
	}
}

// Maps the file's segments in the layout of the loaded object.
static void
load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	const char *file;
	const Elf64_Ehdr *eh;
	const Elf64_Phdr *ph;
	uint64_t lo = UINT64_MAX, hi = 0;
	char *image;

	if (fd < 0 || fstat(fd, &st) != 0 || st.st_size < (off_t)sizeof *eh) {
		fail("cannot read it", path);
	}
	file = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (file == MAP_FAILED || memcmp(file, ELFMAG, SELFMAG) != 0) {
		fail("no ELF file", path);
	}
	eh = (const void *)file;
	ph = (const void *)(file + eh->e_phoff);
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD) {
			lo = ph[i].p_vaddr < lo ? ph[i].p_vaddr : lo;
			hi = ph[i].p_vaddr + ph[i].p_memsz > hi ? ph[i].p_vaddr + ph[i].p_memsz
								: hi;
		}
		if (ph[i].p_type == PT_GNU_EH_FRAME) {
			hdr = ph[i].p_vaddr;
			hdr_size = ph[i].p_memsz;
		}
	}
	need_hdr(lo <= hi && hdr_size != 0);
	lo &= ~(uint64_t)4095;
	// A program with absolute addresses is mapped at these addresses, if that range is free.
	image = mmap(eh->e_type == ET_EXEC ? (void *)lo : NULL, hi - lo + 4096,
		PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (image == MAP_FAILED) {
		fail("no memory", path);
	}
	bias = (uintptr_t)image - lo;
	for (int i = 0; i < eh->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD) {
			memcpy((char *)bias + ph[i].p_vaddr, file + ph[i].p_offset, ph[i].p_filesz);
		}
	}
	hdr += bias;
	area = (struct rcgo_cfi_area){.start = bias + lo, .end = bias + hi, .nodelete = true};
}

static void
hide_table(void)
{
	((uint8_t *)hdr)[2] = DW_EH_PE_OMIT;
	((uint8_t *)hdr)[3] = DW_EH_PE_OMIT;
}

// The names of DWARF registers; that of the return address's column is "ra".
#if defined(__x86_64__)
static const char *const names[RCGO_DW_REGS] = {"rax", "rdx", "rcx", "rbx", "rsi", "rdi", "rbp",
	"rsp", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "ra"};
#else
static const char *const names[RCGO_DW_REGS] = {"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7",
	"x8", "x9", "x10", "x11", "x12", "x13", "x14", "x15", "x16", "x17", "x18", "x19", "x20",
	"x21", "x22", "x23", "x24", "x25", "x26", "x27", "x28", "x29", "x30", "sp"};
#endif

// Returns the register of a name that ends at one of the characters in ends; -1 for one that is not
// tracked.
static int
reg_of(const char *name, const char *ends, unsigned ra)
{
	size_t n = strcspn(name, ends);

	if (n == 2 && strncmp(name, "ra", 2) == 0) {
		return (int)ra;
	}
	for (int i = 0; i < RCGO_DW_REGS; i++) {
		if (strlen(names[i]) == n && strncmp(name, names[i], n) == 0) {
			return i;
		}
	}
	return -1;
}

static uint64_t rows, functions, differences, in_one_pass, packed, kinds[16];

static void
differ(uintptr_t pc, const char *what, const char *theirs)
{
	if (differences++ < 20) {
		printf("%#" PRIxPTR ": %s: readelf says %s\n", pc - bias, what, theirs);
	}
}

static bool
same_cfa(const struct rcgo_cfi_row *row, const char *text)
{
	char *end;
	long long offset;

	if (strcmp(text, "exp") == 0) {
		return row->cfa_expr != NULL;
	}
	if (row->cfa_expr != NULL || reg_of(text, "+-", ~0U) != (int)row->cfa_reg) {
		return false;
	}
	offset = strtoll(text + strcspn(text, "+-"), &end, 10);
	return *end == 0 && offset == row->cfa_offset;
}

static bool
same_reg(unsigned reg_rule, int32_t value, const char *text)
{
	if (strcmp(text, "u") == 0) {
		// Also accepts a register without a rule.
		return reg_rule == RCGO_RULE_UNDEFINED || reg_rule == RCGO_RULE_SAME;
	}
	if (strcmp(text, "s") == 0) {
		return reg_rule == RCGO_RULE_SAME;
	}
	if (strcmp(text, "exp") == 0) {
		return reg_rule == RCGO_RULE_EXPR;
	}
	if (strcmp(text, "vexp") == 0) {
		return reg_rule == RCGO_RULE_VAL_EXPR;
	}
	if (text[0] == 'c') {
		return reg_rule == RCGO_RULE_OFFSET && atoll(text + 1) == value;
	}
	if (text[0] == 'v') {
		return reg_rule == RCGO_RULE_VAL_OFFSET && atoll(text + 1) == value;
	}
	// Another register, by its number.
	return reg_rule == RCGO_RULE_REGISTER && text[0] == 'r' && atoll(text + 1) == value;
}

static uintptr_t
ra_from_cfa(uint64_t entry)
{
	return RCGO_UNWIND_ENTRY_RA_AT(entry) -
	       (RCGO_UNWIND_ENTRY_LOADS(entry) ? 0 : RCGO_UNWIND_ENTRY_CFA(entry));
}

// Whether an entry agrees with the row.
static bool
same_entry(uint64_t entry, const struct rcgo_cfi_row *row, const struct rcgo_fde *fde)
{
	unsigned kind = RCGO_UNWIND_ENTRY_KIND(entry);
	unsigned ra = row->reg_rule[fde->ra];

	kinds[kind]++;
	packed += row->cfa_expr != NULL && kind <= RCGO_UNWIND_ENTRY_FP_LOAD;
	if (kind == RCGO_UNWIND_ENTRY_SLOW || kind == RCGO_UNWIND_ENTRY_END) {
		return (kind == RCGO_UNWIND_ENTRY_END) == (ra == RCGO_RULE_UNDEFINED);
	}
	if (row->cfa_expr == NULL &&
		(row->cfa_reg != (kind == RCGO_UNWIND_ENTRY_SP ? RCGO_DW_SP : RCGO_DW_FP) ||
			(int64_t)RCGO_UNWIND_ENTRY_CFA(entry) != row->cfa_offset)) {
		return false;
	}
	if ((entry & RCGO_UNWIND_ENTRY_RA_IN_LR) != 0
			? ra != RCGO_RULE_SAME
			: (int64_t)ra_from_cfa(entry) != row->value[fde->ra]) {
		return false;
	}
	return (entry & RCGO_UNWIND_ENTRY_FP_SAVED) == 0
		       ? row->reg_rule[RCGO_DW_FP] != RCGO_RULE_OFFSET
		       : (int64_t)RCGO_UNWIND_ENTRY_FP_AT(entry) == row->value[RCGO_DW_FP];
}

// A function's columns: the register of each, -1 for those that are not tracked.
#define COLUMNS_MAX 96
struct columns {
	char name[COLUMNS_MAX][12];
	unsigned count;
};

// Splits a line into words; "(…)" belongs to the word before it.
static unsigned
split(char *line, char *word[], unsigned max)
{
	unsigned n = 0;

	for (char *w = strtok(line, " \n"); w != NULL && n < max; w = strtok(NULL, " \n")) {
		if (w[0] != '(') {
			word[n++] = w;
		}
	}
	return n;
}

static void
compare(uintptr_t start, char *line, const struct columns *columns)
{
	static struct rcgo_cfi_copy copy;
	char *word[COLUMNS_MAX + 2];
	unsigned n = split(line, word, COLUMNS_MAX + 2);
	uintptr_t pc = bias + strtoull(word[0], NULL, 16);
	static struct rcgo_cfi_fast fast;
	struct rcgo_cfi_row row, compact;
	struct rcgo_fde fde;
	uint64_t entry, by_fast_path;

	rows++;
	if (!rcgo__cfi_find(&area, hdr, hdr_size, pc, &fde, &copy) || fde.start != bias + start) {
		differ(pc, "no function, or another", word[1]);
		return;
	}
	if (!rcgo__cfi_row(&fde, pc, false, &row) || !rcgo__cfi_row(&fde, pc, true, &compact)) {
		differ(pc, "no row", word[1]);
		return;
	}
	if (!same_cfa(&row, word[1])) {
		differ(pc, "another CFA", word[1]);
	}
	for (unsigned i = 2; i < n && i - 2 < columns->count; i++) {
		int reg = reg_of(columns->name[i - 2], "", fde.ra);

		if (reg >= 0 && !same_reg(row.reg_rule[reg], row.value[reg], word[i])) {
			differ(pc, columns->name[i - 2], word[i]);
		}
	}
	entry = rcgo__cfi_unwind_entry(&fde, pc, &compact);
	if (!same_entry(entry, &row, &fde)) {
		differ(pc, "another entry", word[1]);
	}
	by_fast_path = rcgo__cfi_fast(&area, hdr, hdr_size, pc, &fast);
	in_one_pass += by_fast_path != RCGO_UNWIND_ENTRY_NONE;
	if (by_fast_path != RCGO_UNWIND_ENTRY_NONE && by_fast_path != entry) {
		differ(pc, "another entry in one pass", word[1]);
	}
}

static void
read_columns(char *line, struct columns *columns)
{
	char *word[COLUMNS_MAX + 2];
	unsigned n = split(line, word, COLUMNS_MAX + 2);

	columns->count = 0;
	for (unsigned i = 2; i < n; i++) {
		snprintf(columns->name[columns->count++], 12, "%s", word[i]);
	}
}

static void
read_rows(void)
{
	static char line[65536], last[65536];
	struct columns columns = {.count = 0};
	uintptr_t start = 0, end = 0;
	bool in_fde = false;
	bool in_section = false; // readelf shows .debug_frame too

	while (fgets(line, sizeof line, stdin) != NULL) {
		const char *range = strstr(line, " FDE ") != NULL ? strstr(line, "pc=") : NULL;
		bool row = in_fde && strspn(line, "0123456789abcdef") == 16 && line[16] == ' ' &&
			   range == NULL && strstr(line, " CIE ") == NULL &&
			   strstr(line, " ZERO") == NULL;

		// Of several rows at one address the last counts, and none after the function's
		// end.
		if (last[0] != 0 && (!row || strncmp(line, last, 16) != 0)) {
			uintptr_t at = strtoull(last, NULL, 16);

			if (at - start < end - start) {
				compare(start, last, &columns);
			}
		}
		last[0] = 0;
		if (strncmp(line, "Contents of ", 12) == 0) {
			in_section = strstr(line, " .eh_frame ") != NULL;
		}
		if (!in_section) {
			in_fde = false;
		} else if (row) {
			strcpy(last, line);
		} else if (range != NULL) {
			start = strtoull(range + 3, NULL, 16);
			end = strtoull(strstr(range, "..") + 2, NULL, 16);
			in_fde = true;
			functions++;
		} else if (strstr(line, "LOC ") != NULL) {
			read_columns(line, &columns);
		} else {
			in_fde = false;
		}
	}
	if (last[0] != 0) {
		compare(start, last, &columns);
	}
}

int
main(int argc, char **argv)
{
	bool scan = argc > 2 && strcmp(argv[1], "--scan") == 0;

	if (argc != 2 + scan) {
		fprintf(stderr, "usage: readelf -wF FILE | cfi_rows [--scan] FILE\n");
		return 2;
	}
	load(argv[1 + scan]);
	if (scan) {
		hide_table();
	}
	read_rows();
	printf("%" PRIu64 " rows of %" PRIu64 " functions, %" PRIu64 " differences; %" PRIu64
	       " rules made in one pass, %" PRIu64 " expressions became rules, %" PRIu64
	       " need all registers, %" PRIu64 " are the end\n",
		rows, functions, differences, in_one_pass, packed, kinds[RCGO_UNWIND_ENTRY_SLOW],
		kinds[RCGO_UNWIND_ENTRY_END]);
	return differences != 0;
}
