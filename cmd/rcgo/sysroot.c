// SPDX-License-Identifier: BSD-3-Clause
// Cross builds to FreeBSD: clang compiles for it with FreeBSD's own headers and libraries, in a
// directory that RCGO_FREEBSD_SYSROOT names.
#include "rcgo.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char variable[] = "RCGO_FREEBSD_SYSROOT";

// For arm64, Go insists on GNU ld and adds -fuse-ld=bfd (golang/go#35197). --ld-path, which takes
// precedence, names the one that Debian has for that CPU.
static const struct {
	const char *goarch, *triple, *release, *linker, *flag, *packages;
} targets[] = {
	{"amd64", "x86_64-unknown-freebsd", "amd64", "ld.lld", "-fuse-ld=lld", "clang lld"},
	{"arm64", "aarch64-unknown-freebsd", "arm64", "aarch64-linux-gnu-ld.bfd",
		"--ld-path=aarch64-linux-gnu-ld.bfd", "clang binutils-aarch64-linux-gnu"},
	{"386", "i386-unknown-freebsd", "i386", "ld.lld", "-fuse-ld=lld", "clang lld"},
	{"arm", "armv7-unknown-freebsd", "arm/armv7", "ld.lld", "-fuse-ld=lld", "clang lld"},
	{"riscv64", "riscv64-unknown-freebsd", "riscv/riscv64", "ld.lld", "-fuse-ld=lld",
		"clang lld"},
};

// The files of a sysroot that a program with threads needs.
static const char *const needed[] = {
	"usr/include/pthread.h",
	"usr/include/sys/param.h",
	"usr/lib/crt1.o",
	"usr/lib/libc.so",
	"usr/lib/libpthread.so",
};

static bool
is_cross(const struct goenv *e)
{
	return strcmp(e->goos, "freebsd") == 0 && strcmp(e->gohostos, "freebsd") != 0;
}

static const char *
sysroot(void)
{
	const char *dir = getenv(variable);

	return dir == NULL || *dir == '\0' ? NULL : dir;
}

// Returns the major version of the sysroot's FreeBSD, from __FreeBSD_version; 0 if unknown.
static int
major_version(const char *dir)
{
	static const char define[] = "#define __FreeBSD_version ";
	size_t size;
	char *text = read_file(path_join(dir, "usr/include/sys/param.h"), &size);
	const char *at = text == NULL ? NULL : strstr(text, define);

	return at == NULL ? 0 : (int)(strtol(at + strlen(define), NULL, 10) / 100000);
}

static size_t
target_of(const struct goenv *e)
{
	size_t i = 0;

	while (i < sizeof targets / sizeof *targets && strcmp(targets[i].goarch, e->goarch) != 0) {
		i++;
	}
	return i;
}

// Checks a cross build to FreeBSD without a C compiler of the user's. Returns NULL if it is none,
// or if nothing is missing.
struct problem *
problem_sysroot(const struct goenv *e)
{
	const char *dir = sysroot(), *cc = getenv("CC");
	size_t target = target_of(e);

	if (!is_cross(e) || (dir == NULL && cc != NULL && *cc != '\0') ||
		target == sizeof targets / sizeof *targets) {
		return NULL;
	}
	if (dir == NULL) {
		return problem(fmt("no C compiler for FreeBSD: %s is not set", variable),
			"cgo needs FreeBSD's headers and libraries to compile and link for it",
			fmt("unpack ./lib, ./usr/include and ./usr/lib of "
			    "https://download.freebsd.org/releases/%s/14.3-RELEASE/base.txz "
			    "into a directory, set %s to it, and install clang and lld; or set CC "
			    "to a compiler for FreeBSD",
				targets[target].release, variable));
	}
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		if (access(path_join(dir, needed[i]), R_OK) != 0) {
			return problem(fmt("%s is not complete: %s is not there", variable,
					       path_join(dir, needed[i])),
				"cgo needs FreeBSD's headers and libraries to compile and link for "
				"it",
				fmt("unpack ./lib, ./usr/include and ./usr/lib of "
				    "https://download.freebsd.org/releases/%s/14.3-RELEASE/"
				    "base.txz there",
					targets[target].release));
		}
	}
	const char *linker = targets[target].linker;
	const char *tool = path_search("clang") == NULL	 ? "clang"
			   : path_search(linker) == NULL ? linker
							 : NULL;

	return tool == NULL
		       ? NULL
		       : problem(fmt("no %s in PATH", tool),
				 fmt("rcgo compiles for FreeBSD by clang and links by %s", linker),
				 fmt("install them (`apt install %s` on Debian and Ubuntu), or "
				     "set CC to another compiler for FreeBSD",
					 targets[target].packages));
}

// Makes clang with the sysroot the C compiler of a cross build to FreeBSD, unless the user has set
// one. Returns whether it did, so that the values of e are to be asked again.
bool
sysroot_use(const struct goenv *e)
{
	const char *dir = sysroot(), *cc = getenv("CC");
	size_t target = target_of(e);

	if (!is_cross(e) || dir == NULL || (cc != NULL && *cc != '\0') ||
		target == sizeof targets / sizeof *targets || problem_sysroot(e) != NULL) {
		return false;
	}
	int major = major_version(dir);
	char *full = path_absolute(working_dir("."), dir);

	setenv("CC",
		fmt("clang --target=%s%s --sysroot=%s %s -Wno-unused-command-line-argument",
			targets[target].triple, major > 0 ? fmt("%d", major) : "", full,
			targets[target].flag),
		1);
	if (getenv("CGO_ENABLED") == NULL) {
		setenv("CGO_ENABLED", "1", 1);
	}
	return true;
}
