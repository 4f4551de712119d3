// SPDX-License-Identifier: BSD-3-Clause
// Base: what is not known before a program is built. Runs on any stack.

#include "options.h"

// What `rcgo build --with=` has chosen, in the words of RCGO.
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
