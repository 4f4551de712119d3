// SPDX-License-Identifier: BSD-3-Clause
// An NSS module: the user "golib", whose number Go computes.
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <string.h>

extern int golib_add(int, int);
extern int golib_work(void);

enum nss_status
_nss_golib_getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t size, int *errnop)
{
	static const char fields[] = "golib\0x\0Go\0/\0/bin/false";

	if (strcmp(name, "golib") != 0 || golib_work() != 1) {
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	}
	if (size < sizeof fields) {
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	}
	memcpy(buf, fields, sizeof fields);
	pw->pw_name = buf;
	pw->pw_passwd = buf + 6;
	pw->pw_gecos = buf + 8;
	pw->pw_dir = buf + 11;
	pw->pw_shell = buf + 13;
	pw->pw_uid = pw->pw_gid = (uid_t)golib_add(4200, 42);
	return NSS_STATUS_SUCCESS;
}
