// SPDX-License-Identifier: BSD-3-Clause
// Heap profiling: the value of RCGO=heap=. Runs once, while the program starts.

//rcgo:small

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "heap_profiling.h"
#include "heap_record.h"
#include "strbuf.h"

#define RATE_DEFAULT ((uint64_t)512 << 10)
#define PATH_BYTES 1024

// The value of RCGO=heap=.
struct heap_setting {
	uint64_t rate;
	char path[PATH_BYTES]; // empty: no file
};

static bool
word_is(const char *word, size_t n, const char *text)
{
	return strlen(text) == n && memcmp(word, text, n) == 0;
}

// Copies a path with the process id in the place of %p.
static void
set_path(struct heap_setting *setting, const char *path, size_t n)
{
	struct rcgo_strbuf t = rcgo__strbuf_init(setting->path, sizeof setting->path);

	for (size_t i = 0; i < n; i++) {
		char one[2] = {path[i], 0};

		if (path[i] == '%' && i + 1 < n && path[i + 1] == 'p') {
			rcgo__append_uint(&t, (uint64_t)getpid(), 0);
			i++;
		} else {
			rcgo__append_str(&t, one);
		}
	}
}

// Parses a size such as 512K. The caller has checked it if it comes from RCGO.
static bool
set_size(struct heap_setting *setting, const char *word, size_t n)
{
	const char *end = word;
	uint64_t size;
	unsigned shift = 0;

	if (n == 0 || *word < '0' || *word > '9' || rcgo__parse_uint(&end, &size) != 0) {
		return false;
	}
	if (end < word + n) {
		shift = *end == 'K' ? 10 : *end == 'M' ? 20 : *end == 'G' ? 30 : 0;
		end += shift != 0;
	}
	if (end != word + n || size > ((uint64_t)1 << 40) >> shift) {
		return false;
	}
	setting->rate = size << shift;
	return true;
}

static bool
set_word(struct heap_setting *setting, const char *word, size_t n)
{
	if (word_is(word, n, "on")) {
		setting->rate = RATE_DEFAULT;
		return true;
	}
	if (word_is(word, n, "off")) {
		setting->rate = 0;
		return true;
	}
	if (word_is(word, n, "all")) {
		setting->rate = 1;
		return true;
	}
	if (n > 5 && memcmp(word, "file:", 5) == 0) {
		set_path(setting, word + 5, n - 5);
		setting->rate = setting->rate == 0 ? RATE_DEFAULT : setting->rate;
		return true;
	}
	return set_size(setting, word, n);
}

static void
say(const char *what, const char *value, const char *then)
{
	char buf[2 * PATH_BYTES];
	struct rcgo_strbuf t = rcgo__strbuf_init(buf, sizeof buf);

	rcgo__append_str(&t, "runtime/cgo: ");
	rcgo__append_str(&t, what);
	rcgo__append_str(&t, value);
	rcgo__append_str(&t, then);
	rcgo__append_str(&t, "\n");
	rcgo__strbuf_write(&t, 2);
}

void
rcgo__heap_configure(const char *value)
{
	struct heap_setting setting = {.rate = 0};
	const char *word = value;
	bool good = true;
	int err;

	while (*word != 0) {
		size_t n = strcspn(word, "+");

		good &= set_word(&setting, word, n);
		word += n + (word[n] == '+');
	}
	if (!good) {
		say("RCGO=heap=", value,
			": not known; heap= takes on, off, all, a size such as 64K, and "
			"file:PATH, joined by +");
	}
	if (setting.rate == 0) {
		return;
	}
	err = rcgo__heap_set_rate(setting.rate, setting.path[0] != 0 ? setting.path : NULL);
	if (err != 0 && err != -ENOTSUP && setting.path[0] != 0) {
		say("heap profiling writes no file: cannot make ", setting.path,
			"; the program runs with the profile in memory");
		err = rcgo__heap_set_rate(setting.rate, NULL);
	}
	if (err == -ENOTSUP) {
		say("heap profiling is off: the program is built with a sanitizer, which has a "
		    "malloc of its own",
			"", "");
	} else if (err == 0) {
		rcgo__heap_move_early();
		if (!rcgo__heap_is_first()) {
			say("heap profiling records mappings, but no malloc: the program or a "
			    "library "
			    "that is preloaded before ours has a malloc of its own",
				"", "");
		}
	} else {
		say("heap profiling is off: no memory for its tables", "", "");
	}
}
