// SPDX-License-Identifier: BSD-3-Clause
// Whether our C half is compiled anew with a program, or assembled from what was compiled when rcgo
// was made. The preprocessor sees sanitizers, CPU and libc for itself
// (runtime/abi/build_variant.h); here it is about flags that ask for other machine code than rcgo
// carries.
#include "rcgo.h"

#include <string.h>

// Flags that ask for nothing of the kind: debug information, levels of optimization, warnings,
// where headers lie, a CPU that can do more than the plain one, what rcgo carries anyway. All that
// is not here counts as a wish, so that nobody's hardening is lost.
static bool
asks_for_nothing(const char *flag)
{
	static const char *const prefixes[] = {"-g", "-O", "-W", "-w", "-I", "-isystem", "-iquote",
		"-idirafter", "-U", "-march=", "-mtune=", "-mcpu=", "-std=", "-ffile-prefix-map=",
		"-fdebug-prefix-map=", "-fmacro-prefix-map=", "-fdiagnostics", "-fcf-protection",
		"-fstack-protector", "-fno-stack-protector", "-fno-omit-frame-pointer",
		"-fasynchronous-unwind-tables", "-fno-strict-aliasing",
		"-fvisibility=", "-fmessage-length=", "-flto", "-fno-lto", "-ffat-lto-objects"};
	static const char *const words[] = {"-pipe", "-pthread", "-fPIC", "-fpic", "-fPIE", "-fpie",
		"-m64", "-fcommon", "-fno-common", "-fno-plt", "-fexceptions"};

	if (has_prefix(flag, "-Wp,")) { // for the preprocessor: any of these
		return false;
	}
	if (has_prefix(flag, "-D")) {
		return !has_prefix(flag, "-D_FORTIFY_SOURCE");
	}
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
		if (has_prefix(flag, prefixes[i])) {
			return true;
		}
	}
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (strcmp(flag, words[i]) == 0) {
			return true;
		}
	}
	return false;
}

// A quote is left at its word, which then is none of those known: C is always right.
static bool
ask_for_other_code(const char *flags)
{
	char *rest = NULL;

	for (char *w = strtok_r(xstrdup(flags), " \t\r\n", &rest); w != NULL;
		w = strtok_r(NULL, " \t\r\n", &rest)) {
		if (strpbrk(w, "'\"") != NULL || (*w == '-' && !asks_for_nothing(w))) {
			return true;
		}
	}
	return false;
}

// What the C compiler is told of this build, "" when nothing.
char *
shape_defines(const struct goenv *e, struct features f)
{
	bool from_c = ask_for_other_code(e->cgo_cflags) || ask_for_other_code(e->cgo_cppflags) ||
		      ask_for_other_code(e->cc) || !features_signals(f);

	return fmt("%s%s", from_c ? " -DRCGO_FROM_C=1" : "", features_cflags(f));
}
