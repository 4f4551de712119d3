// SPDX-License-Identifier: BSD-3-Clause
// Base: the options of RCGO=name=value,… and of the build. They are read on the OS stack while Go
// starts, and queried on any stack.

//rcgo:small

#include "options.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "environment.h"
#include "kernel.h"
#include "strbuf.h"

#define SIZES "SIZE"
// An option with FILES among its values also accepts a path with a slash, or a descriptor.
#define FILES "FILE|fd:N|json:FILE|json:fd:N|json:all:FILE|json:all:fd:N"
#define COUNTS "N"
// The value of the option heap is read by that part, if the program has it.
#define HEAPS "on|off|all|SIZE|file:PATH"
// The name of a signal, or its number. An absolute path may follow after a colon.
#define SIGNAL_NAMES "SIGNAL[:/FILE]"

// The item that gives every option the value that makes the program behave as with the stock
// runtime/cgo: "stock" or "off". A size is unset.
#define ALL_STOCK "stock"

// Every option with its values, the default first; or with SIZES or COUNTS.
static const struct {
	const char *name;
	const char *values[4];
} options[] = {
	{"traceback", {"on", "off", "always"}},
	{"contexts", {"off", "on"}},
	{"crash", {"on", "off", FILES}},
	{"demangle", {"on", "off"}},
	{"dump", {SIGNAL_NAMES}},
	{"fork", {"auto", "stock", "warn", "end"}},
	{"environ", {"safe", "stock"}},
	{"setid", {"safe", "stock"}},
	{"threads", {"retry", "stock"}},
	{"signals", {"full", "onstack", "off", "trace"}},
	{"stack", {SIZES}},
	{"guard", {SIZES}},
	{"spare", {COUNTS}},
	{"names", {"off", "on"}},
	{"stats", {"off", "on"}},
	{"leafcheck", {"off", "on", "hangs"}},
	{"handles", {"off", "trace"}},
	{"heap", {HEAPS}},
};

// owner: rcgo__options_init; lock: none, it runs before Go has a second thread
// ordering: pthread_create of every thread that reads it
static struct {
	uint8_t value; // index in options[].values
	bool set;
	uint64_t size;
} option_set[RCGO_COUNTOF(options)];

// The value of the one option that has FILES.
// owner: rcgo__options_init; lock: none; ordering: as option_set
static char option_file[1024];

// The path of the one option that has SIGNAL_NAMES.
// owner: rcgo__options_init; lock: none; ordering: as option_set
static char option_signal_file[1024];

// The value of the option heap. It is empty in a program without that part: `rcgo build
// --with=heap` gives it a first value.
// owner: rcgo__options_init; lock: none; ordering: as option_set
static char option_heap[1024];

// The options of the build are being set.
// owner: rcgo__options_init; lock: none; ordering: as option_set
static bool building;

static bool
word_is(const char *s, size_t n, const char *word)
{
	return strlen(word) == n && memcmp(s, word, n) == 0;
}

static bool
parse_size(const char *s, size_t n, uint64_t *size)
{
	static const char units[] = "KMG";
	const char *end = s;
	const char *unit;
	unsigned shift = 0;

	if (n == 0 || *s < '0' || *s > '9' || rcgo__parse_uint(&end, size) != 0) {
		return false;
	}
	if (end < s + n && *end != 0 && (unit = strchr(units, *end)) != NULL) {
		shift = 10 * (unsigned)(unit - units + 1);
		end++;
	}
	if (end != s + n || *size > UINT64_MAX >> shift) {
		return false;
	}
	*size <<= shift;
	return true;
}

// Parses the name or number of a signal that a program may use for itself.
static bool
parse_signal(const char *s, size_t n, uint64_t *sig)
{
	static const struct {
		const char *name;
		int number;
	} names[] = {{"SIGUSR1", SIGUSR1}, {"SIGUSR2", SIGUSR2}, {"SIGHUP", SIGHUP},
		{"SIGINT", SIGINT}, {"SIGWINCH", SIGWINCH}, {"SIGIO", SIGIO}};

	for (size_t i = 0; i < RCGO_COUNTOF(names); i++) {
		if (word_is(s, n, names[i].name)) {
			*sig = (uint64_t)names[i].number;
			return true;
		}
	}
	// Numbers: the real-time signals that libc leaves to programs.
	return parse_size(s, n, sig) && *sig >= (uint64_t)SIGRTMIN && *sig <= (uint64_t)SIGRTMAX;
}

static bool
set_signal(const char *value, size_t n, uint64_t *sig)
{
	const char *colon = memchr(value, ':', n);
	size_t name = colon == NULL ? n : (size_t)(colon - value);
	size_t path = colon == NULL ? 0 : n - name - 1;

	if (!parse_signal(value, name, sig) || path >= sizeof option_signal_file ||
		(colon != NULL && (path == 0 || colon[1] != '/'))) {
		return false;
	}
	if (path != 0) {
		memcpy(option_signal_file, colon + 1, path);
	}
	option_signal_file[path] = 0;
	return true;
}

static bool
set_file(const char *value, size_t n)
{
	static const char *const prefixes[] = {
		RCGO_JSON_PREFIX RCGO_JSON_ALL_PREFIX, RCGO_JSON_PREFIX, ""};
	size_t at = 0;

	for (size_t i = 0; at == 0 && i < RCGO_COUNTOF(prefixes); i++) {
		size_t size = strlen(prefixes[i]);

		at = n > size && memcmp(value, prefixes[i], size) == 0 ? size : 0;
	}
	if (n >= sizeof option_file || (memchr(value, '/', n) == NULL &&
					       (n - at < 4 || memcmp(value + at, "fd:", 3) != 0))) {
		return false;
	}
	memcpy(option_file, value, n);
	option_file[n] = 0;
	return true;
}

static bool
set_heap(const char *value, size_t n)
{
	if (n == 0 || n >= sizeof option_heap || (!building && option_heap[0] == 0)) {
		return false;
	}
	memcpy(option_heap, value, n);
	option_heap[n] = 0;
	return true;
}

// Sets option i to value[0..n). Returns whether the option has such a value.
static bool
set_value(size_t i, const char *value, size_t n)
{
	bool is_signal = strcmp(options[i].values[0], SIGNAL_NAMES) == 0;

	if (is_signal || strcmp(options[i].values[0], SIZES) == 0 ||
		strcmp(options[i].values[0], COUNTS) == 0) {
		uint64_t size;

		if (!(is_signal ? set_signal : parse_size)(value, n, &size)) {
			return false;
		}
		option_set[i].size = size;
		option_set[i].set = true;
		return true;
	}
	if (strcmp(options[i].values[0], HEAPS) == 0) {
		return set_heap(value, n);
	}
	for (size_t v = 0; v < RCGO_COUNTOF(options[i].values) && options[i].values[v] != NULL;
		v++) {
		if (strcmp(options[i].values[v], FILES) == 0
				? set_file(value, n)
				: word_is(value, n, options[i].values[v])) {
			option_set[i].value = (uint8_t)v;
			return true;
		}
	}
	return false;
}

// Gives option i its stock value, if it has one.
static void
set_stock(size_t i)
{
	option_set[i].set = false;
	for (size_t v = 0; v < RCGO_COUNTOF(options[i].values) && options[i].values[v] != NULL;
		v++) {
		const char *value = options[i].values[v];

		if (strcmp(value, ALL_STOCK) == 0 || strcmp(value, "off") == 0) {
			option_set[i].value = (uint8_t)v;
		}
	}
}

// Applies one item: name=value, or ALL_STOCK. Returns whether it is known.
static bool
set_from_item(const char *item, size_t n)
{
	const char *equals = memchr(item, '=', n);
	size_t name_len = equals == NULL ? n : (size_t)(equals - item);

	if (word_is(item, n, ALL_STOCK)) {
		for (size_t i = 0; i < RCGO_COUNTOF(options); i++) {
			set_stock(i);
		}
		return true;
	}
	for (size_t i = 0; i < RCGO_COUNTOF(options); i++) {
		if (equals != NULL && word_is(item, name_len, options[i].name)) {
			return set_value(i, equals + 1, n - name_len - 1);
		}
	}
	return false;
}

// Applies the items of a list, in order. Returns the number of unknown items.
static size_t
set_from_list(const char *list)
{
	size_t bad = 0;

	while (*list != 0) {
		size_t n = strcspn(list, ",");

		bad += n != 0 && !set_from_item(list, n);
		list += n;
		list += *list == ',';
	}
	return bad;
}

static RCGO_COLD void
warn_unknown(const char *list, size_t bad)
{
	char buf[1280];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(
		&t, bad == 1 ? "runtime/cgo: RCGO has an option or value that is not known"
			     : "runtime/cgo: RCGO has options or values that are not known");
	rcgo__append_str(&t, ", left out: RCGO=");
	for (size_t i = 0; i < 200 && list[i] != 0; i++) {
		// Keep the message on one line, whatever RCGO contains.
		char c[2] = {list[i] >= ' ' && list[i] < 0x7f ? list[i] : '?', 0};

		rcgo__append_str(&t, c);
	}
	rcgo__append_str(&t, "; known are " ALL_STOCK);
	for (size_t i = 0; i < RCGO_COUNTOF(options); i++) {
		rcgo__append_str(&t, " ");
		rcgo__append_str(&t, options[i].name);
		for (size_t v = 0; v < RCGO_COUNTOF(options[i].values); v++) {
			if (options[i].values[v] != NULL) {
				rcgo__append_str(&t, v == 0 ? "=" : "|");
				rcgo__append_str(&t, options[i].values[v]);
			}
		}
	}
	rcgo__append_str(
		&t, option_heap[0] == 0 ? " (heap= needs rcgo build --with=heap)\n" : "\n");
	rcgo__strbuf_write(&t, STDERR_FILENO);
}

// Whether rcgo__options_init_once has run.
// owner: rcgo__options_init_once; lock: none; ordering: as option_set
static bool options_read;

void
rcgo__options_init_once(void)
{
	if (!options_read) {
		options_read = true;
		rcgo__options_init();
	}
}

// owner: rcgo__options_init; lock: none; ordering: written before other threads of ours exist
int rcgo__map_flags;

void
rcgo__options_init(void)
{
	const char *list = rcgo__kernel_is_secure() ? NULL : rcgo__environment_get("RCGO");
	size_t bad;

	memset(option_set, 0, sizeof option_set);
	option_heap[0] = 0;
	rcgo__map_flags = rcgo__environment_get("RCGO_HEAP") == NULL ? 0 : RCGO_MAP_OWN;
	building = true;
	set_from_list(rcgo__build_options());
	building = false;
	if (list == NULL) {
		return;
	}
	bad = set_from_list(list);
	if (bad != 0) {
		warn_unknown(list, bad);
	}
}

bool
rcgo__option_is(const char *name, const char *value)
{
	for (size_t i = 0; i < RCGO_COUNTOF(options); i++) {
		if (strcmp(options[i].name, name) == 0) {
			return strcmp(options[i].values[option_set[i].value], value) == 0;
		}
	}
	return false;
}

uint64_t
rcgo__option_size(const char *name, uint64_t fallback)
{
	for (size_t i = 0; i < RCGO_COUNTOF(options); i++) {
		if (strcmp(options[i].name, name) == 0 && option_set[i].set) {
			return option_set[i].size;
		}
	}
	return fallback;
}

const char *
rcgo__option_text(const char *name)
{
	return rcgo__option_is(name, FILES) ? option_file : NULL;
}

const char *
rcgo__option_signal_file(void)
{
	return option_signal_file[0] != 0 ? option_signal_file : NULL;
}

const char *
rcgo__option_heap(void)
{
	return option_heap[0] != 0 ? option_heap : NULL;
}
