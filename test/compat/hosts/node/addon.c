// SPDX-License-Identifier: BSD-3-Clause
// A Node add-on (N-API) that loads the Go library named by GOLIB.
#include <dlfcn.h>
#include <node_api.h>
#include <stdint.h>
#include <stdlib.h>

typedef int (*golib_fn)(int, int);

static napi_value
call(napi_env env, napi_callback_info info)
{
	static void *lib;
	napi_value args[3], result;
	size_t n = 3;
	int32_t a = 0, b = 0;
	char name[64];
	void *fn;

	if (lib == NULL) {
		lib = dlopen(getenv("GOLIB"), RTLD_NOW | RTLD_LOCAL);
	}
	napi_get_cb_info(env, info, &n, args, NULL, NULL);
	napi_get_value_string_utf8(env, args[0], name, sizeof name, NULL);
	napi_get_value_int32(env, args[1], &a);
	napi_get_value_int32(env, args[2], &b);
	fn = lib != NULL ? dlsym(lib, name) : NULL;
	napi_create_int32(env, fn != NULL ? ((golib_fn)(uintptr_t)fn)(a, b) : -1, &result);
	return result;
}

NAPI_MODULE_INIT()
{
	napi_value fn;

	napi_create_function(env, "call", NAPI_AUTO_LENGTH, call, NULL, &fn);
	napi_set_named_property(env, exports, "call", fn);
	return exports;
}
