// SPDX-License-Identifier: BSD-3-Clause
// Base: the options that were compiled in. Runs on any stack.

#include "options.h"

// The options of `rcgo build --with=`, in the syntax of RCGO.
#ifndef RCGO_BUILD_OPTIONS
#	define RCGO_BUILD_OPTIONS
#endif
#define TEXT_OF(...) #__VA_ARGS__
#define BUILD_OPTIONS_TEXT(...) TEXT_OF(__VA_ARGS__)

const char *
rcgo__build_options(void)
{
	return BUILD_OPTIONS_TEXT(RCGO_BUILD_OPTIONS);
}
