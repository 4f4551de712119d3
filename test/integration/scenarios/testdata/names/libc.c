// SPDX-License-Identifier: BSD-3-Clause
// A name of libc's, as a variable. No header that this file includes declares it.

int getenv = 128;

int
names_of_libc(void)
{
	return getenv;
}
