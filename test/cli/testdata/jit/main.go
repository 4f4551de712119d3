// SPDX-License-Identifier: BSD-3-Clause

// jit calls C through code that it makes at run time, as just-in-time compilers do: with a frame
// pointer, without unwind information, and named in /tmp/perf-PID.map.
package main

/*
#cgo CFLAGS: -O1
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int never[2];
static volatile int spinning;
static void wait_forever(void) { char c; while (read(never[0], &c, 1) != 1) { } }
static void spin_forever(void) { for (spinning = 1; spinning != 0;) { } }

// push rbp; mov rbp, rsp; call rdi; pop rbp; ret. On arm64: stp x29, x30, [sp, -16]!; mov x29, sp;
// blr x0; ldp x29, x30, [sp], 16; ret.
static void (*make_code(void))(void (*)(void)) {
#ifdef __x86_64__
	static const unsigned char code[] = {0x55, 0x48, 0x89, 0xe5, 0xff, 0xd7, 0x5d, 0xc3};
#else
	static const unsigned code[] = {0xa9bf7bfd, 0x910003fd, 0xd63f0000, 0xa8c17bfd, 0xd65f03c0};
#endif
	char path[64], line[128];
	void *at = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED || pipe(never) != 0) {
		_exit(3);
	}
	memcpy(at, code, sizeof code);
	__builtin___clear_cache(at, (char *)at + sizeof code);
	snprintf(path, sizeof path, "/tmp/perf-%d.map", (int)getpid());
	FILE *map = fopen(path, "w");
	// The first line was of code that is gone.
	snprintf(line, sizeof line, "%lx 10 old_code\n%lx %zx jit_function(int, char *)\n",
		(unsigned long)at, (unsigned long)at, sizeof code);
	if (map == NULL || fputs(line, map) < 0 || fclose(map) != 0) {
		_exit(4);
	}
	return (void (*)(void (*)(void)))at;
}
static void (*code)(void (*)(void));
static void prepare(void) { code = make_code(); }
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
	C.prepare()
	go C.run_and_wait()
	go C.run_and_spin()
	for C.is_spinning() == 0 {
		time.Sleep(time.Millisecond)
	}
	time.Sleep(50 * time.Millisecond)
	fmt.Println("ready")
	os.Stdin.Read(make([]byte, 1))
	os.Remove(fmt.Sprintf("/tmp/perf-%d.map", os.Getpid()))
}
