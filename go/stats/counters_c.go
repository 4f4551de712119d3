// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package stats

/*
#include <stddef.h>
#include <stdint.h>
#include <string.h>

// As in runtime_cgo.h. With the stock runtime/cgo there is no such function.
struct rcgo_stats;
extern void rcgo_stats(struct rcgo_stats *stats, size_t size) __attribute__((weak));

extern const char *rcgo_build_info(void) __attribute__((weak));

static const char *
build_info(void)
{
	return rcgo_build_info == 0 ? "" : rcgo_build_info();
}

static int
read_stats(uint64_t *values, size_t size)
{
	if (rcgo_stats == 0) {
		return 0;
	}
	rcgo_stats((struct rcgo_stats *)(void *)values, size);
	return 1;
}
*/
import "C"

func build() string { return C.GoString(C.build_info()) }

func read() (Stats, bool) {
	var s Stats
	var values [14]C.uint64_t
	if C.read_stats(&values[0], C.size_t(len(values)*8)) == 0 {
		return s, false
	}
	const counted = 12 // callbacks_counted
	for i, m := range counters {
		if i >= counted {
			i++
		}
		*m.value(&s) = uint64(values[i])
	}
	s.CallbacksAreCounted = values[counted] != 0
	return s, true
}
