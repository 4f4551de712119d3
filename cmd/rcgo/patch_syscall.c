// SPDX-License-Identifier: BSD-3-Clause
// --with=syscall: makes Go's syscall.AllThreadsSyscall work in programs with C. Go rejects it
// there, because it does not know C's threads. Our runtime/cgo can do it
// (runtime/syscall/allthreads.h). The changed file is made from the user's GOROOT, unless it has
// an unknown form.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>

// The first statement of both functions, in Go 1.19 to 1.27.
static const char refusal[] = "\tif cgo_libc_setegid != nil {\n"
			      "\t\treturn minus1, minus1, ENOTSUP\n"
			      "\t}\n";

static const struct {
	const char *head, *ours;
} functions[] = {
	{"\nfunc AllThreadsSyscall(trap, a1, a2, a3 uintptr) (r1, r2 uintptr, err Errno) {\n",
		"\tif cgo_libc_all_threads != nil {\n"
		"\t\treturn cgoAllThreads(trap, a1, a2, a3, 0, 0, 0)\n"
		"\t}\n"},
	{"\nfunc AllThreadsSyscall6(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, "
	 "err Errno) {\n",
		"\tif cgo_libc_all_threads != nil {\n"
		"\t\treturn cgoAllThreads(trap, a1, a2, a3, a4, a5, a6)\n"
		"\t}\n"},
};

// rcgo_syscall.go in runtime/cgo sets the variable. It is nil in a program without that package.
static const char tail[] =
	"\nvar cgo_libc_all_threads unsafe.Pointer // set by runtime_cgo\n"
	"\n//go:uintptrescapes\n"
	"func cgoAllThreads(trap, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err Errno) {\n"
	"\tret := cgocaller(cgo_libc_all_threads, trap, a1, a2, a3, a4, a5, a6)\n"
	"\tif ret > ^uintptr(4095) {\n"
	"\t\treturn minus1, 0, Errno(-ret)\n"
	"\t}\n"
	"\treturn ret, 0, 0\n"
	"}\n";

char *
patch_syscall_key(const struct goenv *e)
{
	return path_join(e->goroot, "src/syscall/syscall_linux.go");
}

// Returns Go's syscall_linux.go with our changes, or NULL.
static char *
patched_text(const struct goenv *e, size_t *size)
{
	char *out = read_file(patch_syscall_key(e), size);

	if (out == NULL ||
		strstr(out, "\nfunc cgocaller(unsafe.Pointer, ...uintptr) uintptr\n") == NULL ||
		strstr(out, "cgo_libc_all_threads") != NULL) {
		return NULL;
	}
	for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
		char *head = strstr(out, functions[i].head);
		char *body = head == NULL ? NULL : head + strlen(functions[i].head);

		if (body == NULL || !has_prefix(body, refusal)) {
			return NULL;
		}
		out = fmt("%.*s%s%s", (int)(body - out), out, functions[i].ours, body);
	}
	out = fmt("%s%s", out, tail);
	*size = strlen(out);
	return out;
}

// Returns the path of the changed file in the cache.
char *
patch_syscall(const struct goenv *e, const char *src)
{
	size_t size;
	char *text = patched_text(e, &size), *path;

	if (text == NULL) {
		fail(fmt("--with=syscall: %s has a shape that rcgo does not know",
			     patch_syscall_key(e)),
			"rcgo changes two functions in it, AllThreadsSyscall and "
			"AllThreadsSyscall6, and must know what they are",
			"build without it, and call rcgo_syscall_all_threads from C");
	}
	path = cache_put_patched(src, "syscall_linux.go", text, size);
	if (path == NULL) {
		fail(fmt("cannot write %s", path_join(src, "syscall_linux.go")),
			"--with=syscall replaces Go's own file by it",
			"free some disk space, or set RCGO_CACHE to another directory");
	}
	return path;
}
