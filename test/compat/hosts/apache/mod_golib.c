// SPDX-License-Identifier: BSD-3-Clause
// An Apache module: Go is loaded in the parent, and each child, which is forked, makes short calls.
#include <httpd.h>

#include <http_config.h>
#include <http_protocol.h>

#include "../rest.h"

extern int golib_add(int, int);
extern int golib_work(void);

static int
golib_configured(apr_pool_t *pool, apr_pool_t *log, apr_pool_t *temp, server_rec *server)
{
	(void)pool;
	(void)log;
	(void)temp;
	(void)server;
	if (golib_work() != 1) {
		return HTTP_INTERNAL_SERVER_ERROR;
	}
	golib_rest(10);
	return OK;
}

static int
golib_handle(request_rec *r)
{
	if (r->handler == NULL || strcmp(r->handler, "golib") != 0) {
		return DECLINED;
	}
	ap_set_content_type(r, "text/plain");
	ap_rprintf(r, "%d\n", golib_add(40, 2));
	return OK;
}

static void
golib_hooks(apr_pool_t *pool)
{
	(void)pool;
	ap_hook_post_config(golib_configured, NULL, NULL, APR_HOOK_MIDDLE);
	ap_hook_handler(golib_handle, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA golib_module = {
	STANDARD20_MODULE_STUFF, NULL, NULL, NULL, NULL, NULL, golib_hooks, 0};
