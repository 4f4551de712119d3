// SPDX-License-Identifier: BSD-3-Clause

// Leaky loses C memory in two places, of known sizes. With an argument it also maps memory of which it
// uses a half, and then waits. RCGO_HEAP_FULL names a file with which it fills the disk first.
package main

/*
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

static void *kept[2000];
static int n;

static __attribute__((noinline)) void
lose(int times, size_t size)
{
	for (int i = 0; i < times; i++) {
		kept[n] = malloc(size);
		memset(kept[n++], 1, size);
	}
}

static __attribute__((noinline)) int
map_half_used(size_t size)
{
	char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		return 1;
	}
	madvise(p, size, MADV_NOHUGEPAGE);
	memset(p, 1, size / 2);
	return 0;
}
*/
import "C"

import (
	"fmt"
	"os"
	"time"
)

//go:noinline
func loseSmall() { C.lose(1000, 1000) }

//go:noinline
func loseBig() { C.lose(100, 30000) }

// fill takes the room that is left on a disk.
func fill(path string) {
	f, err := os.Create(path)
	for block := make([]byte, 1<<20); err == nil; {
		_, err = f.Write(block)
	}
}

func main() {
	if path := os.Getenv("RCGO_HEAP_FULL"); path != "" {
		fill(path)
	}
	loseSmall()
	loseBig()
	if len(os.Args) > 1 {
		if C.map_half_used(8<<20) != 0 {
			os.Exit(1)
		}
		fmt.Println("ready")
		time.Sleep(time.Minute)
	}
}
