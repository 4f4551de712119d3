// SPDX-License-Identifier: BSD-3-Clause

// Leaky loses C memory in two places, of known sizes. With an argument it then waits.
package main

/*
#include <stdlib.h>
#include <string.h>

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

func main() {
	loseSmall()
	loseBig()
	if len(os.Args) > 1 {
		fmt.Println("ready")
		time.Sleep(time.Minute)
	}
}
