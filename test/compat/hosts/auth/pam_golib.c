// SPDX-License-Identifier: BSD-3-Clause
// A PAM module that permits the login if Go works.
#include <security/pam_modules.h>

extern int golib_work(void);
extern int golib_fault(void);

int
pam_sm_authenticate(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return golib_work() == 1 && golib_fault() == 1 ? PAM_SUCCESS : PAM_AUTH_ERR;
}

int
pam_sm_setcred(pam_handle_t *pam, int flags, int argc, const char **argv)
{
	(void)pam;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}
