// SPDX-License-Identifier: BSD-3-Clause
// Looks the user "golib" up through the NSS module.
#include <nss.h>
#include <pwd.h>
#include <stdio.h>

extern int __nss_configure_lookup(const char *, const char *);

int
main(void)
{
	struct passwd *pw;

	if (__nss_configure_lookup("passwd", "files golib") != 0) {
		return 1;
	}
	pw = getpwnam("golib");
	puts(pw != NULL && pw->pw_uid == 4242 ? "ok" : "failed");
	return pw == NULL;
}
