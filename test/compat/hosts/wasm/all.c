// SPDX-License-Identifier: BSD-3-Clause
// wasmtime, which finds traps of WebAssembly by SIGSEGV, SIGILL and SIGFPE, beside Go: all LIBRARY
// first|last, which says when wasmtime installs its handlers.
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <wasm.h>
#include <wasmtime.h>

#define CHECK(x)                                                       \
	do {                                                           \
		if (!(x)) {                                            \
			printf("failed: line %d: %s\n", __LINE__, #x); \
			_exit(1);                                      \
		}                                                      \
	} while (0)

static const char text[] =
	"(module (memory 1)"
	" (func (export \"load\") (param i32 i32) (result i32) local.get 0 i32.load)"
	" (func (export \"divide\") (param i32 i32) (result i32) local.get 0 local.get 1 i32.div_s)"
	" (func (export \"stop\") (param i32 i32) (result i32) unreachable)"
	" (func $deep (export \"deep\") (param i32 i32) (result i32)"
	"  local.get 0 local.get 1 call $deep i32.const 1 i32.add))";

static wasm_engine_t *engine;
static wasmtime_module_t *code;
static int (*add)(int, int), (*work)(void), (*fault)(void);

struct instance {
	wasmtime_store_t *store;
	wasmtime_instance_t instance;
};

static void
instantiate(struct instance *in)
{
	wasm_trap_t *trap = NULL;

	in->store = wasmtime_store_new(engine, NULL, NULL);
	CHECK(in->store != NULL);
	CHECK(wasmtime_instance_new(wasmtime_store_context(in->store), code, NULL, 0, &in->instance,
		      &trap) == NULL &&
		trap == NULL);
}

// Calls an export. Returns whether it has trapped; stores its result otherwise.
static int
traps(struct instance *in, const char *name, int a, int b, int *result)
{
	wasmtime_context_t *context = wasmtime_store_context(in->store);
	wasmtime_val_t args[2] = {
		{.kind = WASMTIME_I32, .of.i32 = a}, {.kind = WASMTIME_I32, .of.i32 = b}};
	wasmtime_val_t value;
	wasmtime_extern_t function;
	wasm_trap_t *trap = NULL;

	CHECK(wasmtime_instance_export_get(context, &in->instance, name, strlen(name), &function));
	CHECK(wasmtime_func_call(context, &function.of.func, args, 2, &value, 1, &trap) == NULL);
	if (trap != NULL) {
		wasm_trap_delete(trap);
		return 1;
	}
	*result = value.of.i32;
	return 0;
}

static void *
stress(void *unused)
{
	struct instance in;
	int result = 0;

	instantiate(&in);
	for (int i = 0; i < 300; i++) {
		CHECK(traps(&in, "load", 0x7fff0000 + i, 0, &result));
		CHECK(traps(&in, "divide", i, 0, &result));
		CHECK(traps(&in, "stop", 0, 0, &result));
		CHECK(!traps(&in, "divide", 6, 2, &result) && result == 3);
		CHECK(fault() == 1 && add(2, 3) == 5);
	}
	CHECK(traps(&in, "deep", 0, 0, &result));
	CHECK(work() == 1);
	wasmtime_store_delete(in.store);
	return unused;
}

static void
start_wasmtime(void)
{
	wasm_byte_vec_t bytes;
	struct instance in;

	engine = wasm_engine_new();
	CHECK(wasmtime_wat2wasm(text, strlen(text), &bytes) == NULL);
	CHECK(wasmtime_module_new(engine, (uint8_t *)bytes.data, bytes.size, &code) == NULL);
	instantiate(&in);
}

static void
load(const char *name)
{
	void *lib = dlopen(name, RTLD_NOW | RTLD_LOCAL);

	CHECK(lib != NULL);
	*(void **)&add = dlsym(lib, "golib_add");
	*(void **)&work = dlsym(lib, "golib_work");
	*(void **)&fault = dlsym(lib, "golib_fault");
	CHECK(add(2, 3) == 5 && work() == 1);
}

int
main(int argc, char **argv)
{
	pthread_t threads[3];

	CHECK(argc == 3);
	if (strcmp(argv[2], "first") == 0) {
		start_wasmtime();
		load(argv[1]);
	} else {
		load(argv[1]);
		start_wasmtime();
	}
	for (int i = 0; i < 3; i++) {
		CHECK(pthread_create(&threads[i], NULL, stress, NULL) == 0);
	}
	for (int i = 0; i < 3; i++) {
		CHECK(pthread_join(threads[i], NULL) == 0);
	}
	stress(NULL);
	puts("ok");
	return 0;
}
