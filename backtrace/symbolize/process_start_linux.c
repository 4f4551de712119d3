// SPDX-License-Identifier: BSD-3-Clause
// When a process began, from /proc/PID/stat. Runs on any stack, also in signal handlers.
// Contract: proc(5).

#include "process_start.h"

#include <string.h>
#include <sys/auxv.h>
#include <time.h>

#include "clock.h"
#include "strbuf.h"

#define STAT_STARTTIME 22u // the number of the field, from 1 on
#define STAT_STATE 3u	   // the first one behind the name
#define NS 1000000000u

int64_t
rcgo__process_start(int32_t pid)
{
	char path[32], text[512];
	struct rcgo_strbuf t = rcgo__strbuf_init(path, sizeof path);
	uint64_t hz = getauxval(AT_CLKTCK), boot, ticks;
	const char *at;

	rcgo__append_str(&t, "/proc/");
	rcgo__append_uint(&t, (uint64_t)(uint32_t)pid, 0);
	rcgo__append_str(&t, "/stat");
	// The name is in brackets and may contain any character.
	at = rcgo__file_read(path, text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
	for (unsigned i = STAT_STATE; i <= STAT_STARTTIME && at != NULL; i++) {
		at = strchr(at + 1, ' ');
	}
	if (at == NULL || hz == 0) {
		return 0;
	}
	at++;
	if (rcgo__parse_uint(&at, &ticks) != 0) {
		return 0;
	}
	boot = rcgo__clock_ns(CLOCK_REALTIME) - rcgo__clock_ns(CLOCK_BOOTTIME);
	return (int64_t)(boot / NS + ticks / hz);
}
