// SPDX-License-Identifier: BSD-3-Clause
// Authenticates by the PAM service file in a directory: pam_client DIRECTORY.
#include <security/pam_appl.h>
#include <stdio.h>

static int
converse(int n, const struct pam_message **in, struct pam_response **out, void *arg)
{
	(void)n;
	(void)in;
	(void)out;
	(void)arg;
	return PAM_CONV_ERR;
}

int
main(int argc, char **argv)
{
	struct pam_conv conv = {converse, NULL};
	pam_handle_t *pam = NULL;
	int err;

	if (argc != 2) {
		return 2;
	}
	for (int i = 0; i < 3; i++) {
		err = pam_start_confdir("golib", "root", &conv, argv[1], &pam);
		err = err == PAM_SUCCESS ? pam_authenticate(pam, 0) : err;
		if (err != PAM_SUCCESS) {
			printf("failed: %s\n", pam_strerror(pam, err));
			return 1;
		}
		pam_end(pam, err);
	}
	puts("ok");
	return 0;
}
