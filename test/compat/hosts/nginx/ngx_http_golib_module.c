// SPDX-License-Identifier: BSD-3-Clause
// An nginx module: Go is loaded in the master, and each worker, which is forked, makes short calls.
#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "../rest.h"

extern int golib_add(int, int);
extern int golib_work(void);

static ngx_int_t
golib_handle(ngx_http_request_t *r)
{
	static const u_char good[] = "42\n", bad[] = "failed\n";
	ngx_int_t works = golib_add(40, 2) == 42;
	ngx_buf_t *b = ngx_calloc_buf(r->pool);
	ngx_chain_t out = {.buf = b};

	if (b == NULL) {
		return NGX_HTTP_INTERNAL_SERVER_ERROR;
	}
	b->pos = (u_char *)(uintptr_t)(works ? good : bad);
	b->last = b->pos + (works ? sizeof good : sizeof bad) - 1;
	b->memory = 1;
	b->last_buf = 1;
	r->headers_out.status = NGX_HTTP_OK;
	r->headers_out.content_length_n = b->last - b->pos;
	ngx_http_send_header(r);
	return ngx_http_output_filter(r, &out);
}

static char *
golib_set(ngx_conf_t *cf, ngx_command_t *cmd, void *conf)
{
	ngx_http_core_loc_conf_t *location =
		ngx_http_conf_get_module_loc_conf(cf, ngx_http_core_module);

	(void)cmd;
	(void)conf;
	if (golib_work() != 1) {
		return "golib_work failed";
	}
	golib_rest(10);
	location->handler = golib_handle;
	return NGX_CONF_OK;
}

static ngx_command_t golib_commands[] = {
	{ngx_string("golib"), NGX_HTTP_LOC_CONF | NGX_CONF_NOARGS, golib_set, 0, 0, NULL},
	ngx_null_command};

static ngx_http_module_t golib_context;

ngx_module_t ngx_http_golib_module = {NGX_MODULE_V1, &golib_context, golib_commands,
	NGX_HTTP_MODULE, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NGX_MODULE_V1_PADDING};
