// SPDX-License-Identifier: BSD-3-Clause
// rcgo heap: profiles the C heap of a program that was built by plain go, and shows profiles.
#include "heap.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "elf_reader.h"

#define LIBRARY "rcgo_heap.so"

struct heap_options {
	bool all, allocated, by_library, folded;
	const char *pprof;
};

static char *
size_text(double bytes)
{
	static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB"};
	unsigned unit = 0;

	while ((bytes >= 1024 || bytes <= -1024) && unit < 4) {
		bytes /= 1024;
		unit++;
	}
	return fmt(unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

// Stores the preload library in the cache. Returns its path.
static char *
put_library(void)
{
	struct cache c;
	char *path = NULL;

	if (preload_count == 0) {
		fail("this rcgo records no C memory", "heap profiling is for Linux only", NULL);
	}
	c = cache_open();
	for (size_t i = 0; i < preload_count; i++) {
		if (strcmp(preload[i].name, LIBRARY) == 0) {
			path = cache_put_preload(&c, LIBRARY, preload[i].data,
				(size_t)(preload[i].end - preload[i].data));
		}
	}
	if (path == NULL) {
		fail("cannot write the library that is preloaded into the program",
			"the cache cannot be written",
			"free some disk space, or set RCGO_CACHE to another directory");
	}
	return path;
}

static bool
is_static(const struct rcgo_elf *elf)
{
	struct rcgo_segment s;

	for (uint32_t i = 0; rcgo__elf_segment_at(elf, i, &s); i++) {
		if (s.type == PT_INTERP) {
			return false;
		}
	}
	return true;
}

// Returns whether a sanitizer is linked, by a function that it and the code that it checks have.
static bool
is_sanitized(const struct rcgo_elf *elf)
{
	static const char *const functions[] = {"__asan_init", "__msan_init", "__tsan_init"};
	struct rcgo_section dynstr;
	struct rcgo_bytes names = {0};

	if (rcgo__elf_section_find(elf, ".dynstr", &dynstr) != 0) {
		names = rcgo__elf_section_raw(elf, &dynstr);
		names = rcgo__bytes_read(names, 0, names.size);
	}
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		if (names.size != 0 && memmem(names.at, names.size, functions[i],
					       strlen(functions[i]) + 1) != NULL) {
			return true;
		}
	}
	return false;
}

// Ends rcgo if a library that is preloaded cannot record the program. A script and a name that is
// searched for in PATH are not looked at.
static void
refuse_program(const char *path)
{
	struct rcgo_elf elf;
	bool fixed, sanitized;

	if (strchr(path, '/') == NULL || rcgo__elf_open(&elf, path) != 0) {
		return;
	}
	fixed = is_static(&elf);
	sanitized = is_sanitized(&elf);
	rcgo__elf_close(&elf);
	if (fixed) {
		fail(fmt("cannot record the C memory of %s", path),
			"it is a static program, which loads no library",
			"build it by `rcgo build --with=heap` and run it with RCGO=heap=on");
	}
	if (sanitized) {
		fail(fmt("cannot record the C memory of %s", path),
			"it is built with a sanitizer, which has a malloc of its own",
			"build it without -asan, -msan and -fsanitize=");
	}
}

// Ends rcgo unless a rate is all, or a size such as 512K.
static void
check_rate(const char *rate)
{
	size_t digits = strspn(rate, "0123456789");
	bool size = digits > 0 && digits <= 12 && rate[strspn(rate, "0")] != '\0' &&
		    (rate[digits] == '\0' ||
			    (strchr("KMG", rate[digits]) != NULL && rate[digits + 1] == '\0'));

	if (!size && strcmp(rate, "all") != 0) {
		fail(fmt("%s is no rate", rate), NULL, "use a size such as 512K, or all");
	}
}

static int
heap_run(int argc, char **argv)
{
	static const struct option longs[] = {{"rate", required_argument, NULL, 'r'},
		{"o", required_argument, NULL, 'o'}, {"any", no_argument, NULL, 'a'}, {0}};
	const char *rate = "512K", *path = NULL, *others = getenv("LD_PRELOAD");
	char *library;

	opterr = 0;
	for (int c; (c = getopt_long_only(argc, argv, "+", longs, NULL)) != -1;) {
		rate = c == 'r' ? optarg : rate;
		path = c == 'o' ? optarg : path;
		if (c == 'a') {
			setenv("RCGO_HEAP_ANY", "1", 1);
		}
		if (c == '?') {
			usage_flag("heap", argv);
		}
	}
	if (optind == argc) {
		usage_error("heap", "heap run wants a program");
	}
	check_rate(rate);
	if (path != NULL && path[0] != '/') {
		char *here = getcwd(NULL, 0);

		path = fmt("%s/%s", here == NULL ? "." : here, path);
	}
	refuse_program(argv[optind]);
	library = put_library();
	setenv("LD_PRELOAD",
		others == NULL || *others == '\0' ? library : fmt("%s:%s", library, others), 1);
	setenv("RCGO_HEAP", path == NULL ? rate : fmt("%s+file:%s", rate, path), 1);
	execvp(argv[optind], argv + optind);
	fail(fmt("cannot run %s: %s", argv[optind], strerror(errno)), NULL, NULL);
}

struct line {
	size_t stack;
	const char *library;
	double objects, bytes;
	double resident; // of mappings
};

static const char *
resident_text(double bytes)
{
	return bytes < 1 ? "" : fmt(", %s resident", size_text(bytes));
}

static int
by_bytes(const void *a, const void *b)
{
	const struct line *x = a, *y = b;

	return x->bytes > y->bytes ? -1 : x->bytes < y->bytes;
}

// The numbers of each stack, the greatest first. Returns how many have any.
static size_t
lines_of(struct heap *h, const struct heap_options *options, struct line **out)
{
	struct line *line = xalloc((h->header.stacks_used + 1) * sizeof *line);
	size_t n = 0;

	for (size_t i = 0; i < h->header.stacks_used; i++) {
		struct line l = {.stack = i, .objects = h->objects[i], .bytes = h->bytes[i]};

		if (options->allocated) {
			l.objects = (double)h->stack[i].objects / RCGO_HEAP_ONE;
			l.bytes = (double)h->stack[i].bytes;
		}
		if (l.bytes > 0 || l.objects > 0) {
			line[n++] = l;
		}
	}
	qsort(line, n, sizeof *line, by_bytes);
	*out = line;
	return n;
}

static void
print_frames(struct heap *h, size_t number)
{
	const struct stack *stack = heap_frames(h, number);

	for (size_t i = 0; i < stack->n; i++) {
		const struct name *names;
		size_t n = names_of(&h->s, &stack->frame[i], &names);

		for (size_t k = 0; k < n; k++) {
			if (names[k].hidden) {
				continue;
			}
			printf("    %s  %s%s", names[k].lang == FRAME_GO ? "Go" : "C ",
				names[k].function, names[k].inlined ? " (inlined)" : "");
			if (names[k].file != NULL && names[k].file[0] != 0) {
				printf("  %s:%u", names[k].file, names[k].line);
			}
			printf("\n");
		}
	}
}

static void
print_kind(double bytes, const char *kind)
{
	if (bytes >= 1) {
		printf("%12s  %s\n", size_text(bytes), kind);
	}
}

// Prints what the resident memory of the process consists of. The lines add up to its RSS.
static void
print_resident(const struct heap *h, const struct heap_resident *r)
{
	printf("resident: %s, of which\n", size_text(r->rss));
	print_kind(r->bytes[HEAP_MAPPED], fmt("anonymous mappings of C code (%s mapped)",
						  size_text((double)h->header.mapped_bytes)));
	print_kind(r->blocks,
		h->header.rate == 1 ? "malloc: blocks in use" : "malloc: blocks in use, estimated");
	print_kind(r->bytes[HEAP_MALLOC] - r->blocks,
		"malloc: freed or never recorded, and its overhead");
	print_kind(r->bytes[HEAP_GO], "Go: its heap, goroutine stacks and tables");
	print_kind(r->bytes[HEAP_STACKS], "C stacks of threads");
	print_kind(r->bytes[HEAP_FILES], "code and variables of programs, and mapped files");
	print_kind(r->bytes[HEAP_PROFILING], "the tables of heap profiling");
	print_kind(r->bytes[HEAP_OTHER], "other anonymous memory");
}

static void
print_libraries(struct heap *h, const struct line *line, size_t n, const double *resident)
{
	struct line *sum = xalloc((n + 1) * sizeof *sum);
	size_t used = 0;

	for (size_t i = 0; i < n; i++) {
		bool mapped = h->stack[line[i].stack].kind == RCGO_HEAP_MMAP;
		const char *library =
			fmt("%s%s", heap_library(h, line[i].stack), mapped ? " [mmap]" : "");
		size_t at = 0;

		while (at < used && strcmp(sum[at].library, library) != 0) {
			at++;
		}
		used += at == used;
		sum[at].library = library;
		sum[at].bytes += line[i].bytes;
		sum[at].objects += line[i].objects;
		sum[at].resident += mapped && resident != NULL ? resident[line[i].stack] : 0;
	}
	qsort(sum, used, sizeof *sum, by_bytes);
	for (size_t i = 0; i < used; i++) {
		printf("%12s in %9.0f  %s%s\n", size_text(sum[i].bytes), sum[i].objects,
			sum[i].library, resident_text(sum[i].resident));
	}
}

static void
print_total(const struct heap *h, const struct heap_options *options)
{
	const struct rcgo_heap_header *r = &h->header;

	printf("process %d%s: %s of C memory in %.0f blocks", (int)r->pid,
		h->running ? "" : " (as its file has it)",
		size_text((double)(options->allocated ? r->total_bytes : r->live_bytes)),
		(double)(options->allocated ? r->total_objects : r->live_objects) / RCGO_HEAP_ONE);
	if (r->rate > 1) {
		printf(", estimated from one sample for each %s", size_text((double)r->rate));
	}
	printf("; %s mapped\n",
		size_text((double)(options->allocated ? r->mapped_total : r->mapped_bytes)));
	if (r->lost_samples + r->lost_frees + r->lost_stacks + r->lost_mappings > 0) {
		printf("not recorded: %" PRIu64 " samples, %" PRIu64 " frees, %" PRIu64
		       " stacks, %" PRIu64 " mappings\n",
			r->lost_samples, r->lost_frees, r->lost_stacks, r->lost_mappings);
	}
}

static void
write_heap_profile(struct heap *h, const char *path)
{
	struct profile *p = profile_new("inuse_space", "bytes");

	for (size_t i = 0; i < h->header.stacks_used; i++) {
		uint64_t value = (uint64_t)(h->bytes[i] + 0.5);

		if (value > 0) {
			profile_add(p, &h->s, heap_frames(h, i), &value, NULL, 0);
		}
	}
	profile_write(p, path);
}

// Long because: one case for each option.
static int
heap_show(int argc, char **argv)
{
	static const struct option longs[] = {{"all", no_argument, NULL, 'a'},
		{"alloc", no_argument, NULL, 'A'}, {"by", required_argument, NULL, 'b'},
		{"folded", no_argument, NULL, 'f'}, {"pprof", required_argument, NULL, 'p'},
		{"debug", required_argument, NULL, 'g'}, {0}};
	struct heap *h = xalloc(sizeof *h);
	struct heap_options options = {0};
	struct heap_resident r = {0};
	struct line *line;
	bool resident;
	size_t n;

	opterr = 0;
	for (int c; (c = getopt_long_only(argc, argv, "", longs, NULL)) != -1;) {
		options.all |= c == 'a';
		options.allocated |= c == 'A';
		options.by_library |= c == 'b';
		options.folded |= c == 'f';
		options.pprof = c == 'p' ? optarg : options.pprof;
		h->s.t.debug = c == 'g' ? optarg : h->s.t.debug;
		if (c == '?') {
			usage_flag("heap", argv);
		}
		if (c == 'b' && strcmp(optarg, "library") != 0) {
			usage_error("heap", "-by takes library, not %s", optarg);
		}
	}
	if (argc - optind != 1) {
		usage_error("heap", "heap show wants a process or a file");
	}
	heap_open(h, argv[optind]);
	resident = h->running && heap_find_resident(h, &r);
	heap_names(h);
	n = lines_of(h, &options, &line);
	if (options.pprof != NULL) {
		write_heap_profile(h, options.pprof);
		return 0;
	}
	if (options.folded) {
		for (size_t i = 0; i < n; i++) {
			fold_line(&h->s, heap_frames(h, line[i].stack), stdout);
			printf(" %.0f\n", line[i].bytes);
		}
		return 0;
	}
	print_total(h, &options);
	if (resident) {
		print_resident(h, &r);
	}
	if (options.by_library) {
		print_libraries(h, line, n, resident ? r.stack : NULL);
		return 0;
	}
	for (size_t i = 0; i < n && (options.all || i < 10); i++) {
		printf("\n%s in %.0f %s%s\n", size_text(line[i].bytes), line[i].objects,
			h->stack[line[i].stack].kind == RCGO_HEAP_MMAP ? "mappings" : "blocks",
			resident_text(resident ? r.stack[line[i].stack] : 0));
		print_frames(h, line[i].stack);
	}
	if (n > 10 && !options.all) {
		printf("\n%zu more stacks (-all shows them)\n", n - 10);
	}
	return 0;
}

int
cmd_heap(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "run") == 0) {
		return heap_run(argc - 1, argv + 1);
	}
	if (argc > 1 && strcmp(argv[1], "show") == 0) {
		return heap_show(argc - 1, argv + 1);
	}
	usage_error("heap",
		argc > 1 ? "there is no heap %s; there is run and show" : "heap wants run or show",
		argc > 1 ? argv[1] : "");
}
