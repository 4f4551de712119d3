// SPDX-License-Identifier: BSD-3-Clause

// jit calls C through code that it makes at run time, as just-in-time compilers do: with a frame
// pointer, without unwind information, and named in /tmp/perf-PID.map, or with the argument dump in
// jit-PID.dump in the working directory.
package main

/*
#cgo CFLAGS: -O1
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int never[2];
static volatile int spinning;
static void wait_forever(void) { char c; while (read(never[0], &c, 1) != 1) { } }
static void spin_forever(void) { for (spinning = 1; spinning != 0;) { } }

static void name_in_map(void *at, size_t size) {
	char path[64], line[128];

	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	FILE *map = fopen(path, "w");
	// The first line was of code that is gone.
	snprintf(line, sizeof line, "%lx 10 old_code\n%lx %zx jit_function(int, char *)\n",
		(unsigned long)at, (unsigned long)at, size);
	if (map == NULL || fputs(line, map) < 0 || fclose(map) != 0) {
		_exit(4);
	}
}

// The header, and the record of code that is loaded. The mapping tells profilers of the file.
static void name_in_dump(void *at, size_t size) {
	struct {
		uint32_t magic, version, header_size, machine, padding, pid;
		uint64_t time, flags;
		uint32_t id, record_size;
		uint64_t loaded;
		uint32_t loader_pid, loader_tid;
		uint64_t vma, start, size, index;
		char name[32];
	} dump = {.magic = 0x4a695444, .version = 1, .header_size = 40,
		.pid = (uint32_t)getpid(), .record_size = 88,
		.loader_pid = (uint32_t)getpid(), .loader_tid = (uint32_t)getpid(),
		.vma = (uintptr_t)at, .start = (uintptr_t)at, .size = size,
		.name = "jit_function(int, char *)"};
	char path[64];
	int fd;

	snprintf(path, sizeof path, "jit-%d.dump", (int)getpid());
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0644);
	if (write(fd, &dump, sizeof dump) != sizeof dump ||
		mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED) {
		_exit(5);
	}
	close(fd);
}

// push rbp; mov rbp, rsp; call rdi; pop rbp; ret. On arm64: stp x29, x30, [sp, -16]!; mov x29, sp;
// blr x0; ldp x29, x30, [sp], 16; ret.
static void (*make_code(int dump))(void (*)(void)) {
#ifdef __x86_64__
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
#else
	static const unsigned code[] = {0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
#endif
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || pipe(never) != 0) {
		_exit(3);
	}
	memcpy(at, code, sizeof code);
	__builtin___clear_cache(at, (char *)at + sizeof code);
	dump ? name_in_dump(at, sizeof code) : name_in_map(at, sizeof code);
	return (void (*)(void (*)(void)))at;
}
static void (*code)(void (*)(void));
static void prepare(int dump) { code = make_code(dump); }
static int run_and_wait(void) { code(wait_forever); return 1; }
static int run_and_spin(void) { code(spin_forever); return 1; }
static int is_spinning(void) { return spinning; }
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

func main() {
	dump := C.int(0)
	if len(os.Args) > 1 && os.Args[1] == "dump" {
		dump = 1
	}
	C.prepare(dump)
	go C.run_and_wait()
	go C.run_and_spin()
	for C.is_spinning() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
	os.Remove(fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()))
	os.Remove(fmt.Sprintf("jit-%d.dump", os.Getpid()))
}
