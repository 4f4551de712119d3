// SPDX-License-Identifier: BSD-3-Clause

//go:build linux && cgo

package stacks

/*
#include <stddef.h>

// As in runtime_cgo.h. With the stock runtime/cgo there is no such function.
extern size_t rcgo_dump_threads(int fd, unsigned flags) __attribute__((weak));

static int
has_dump(void)
{
	return rcgo_dump_threads != 0;
}

static void
dump(int fd, unsigned flags)
{
	rcgo_dump_threads(fd, flags);
}
*/
import "C"

import (
	"io"
	"os"
)

// Stores the C frames of goroutines instead of writing them: RCGO_DUMP_GOROUTINES.
const storeFrames = 1

func available() bool { return C.has_dump() != 0 }

func prepare() {
	if available() {
		C.dump(-1, storeFrames)
	}
}

func threads(w io.Writer) error {
	if !available() {
		return nil
	}
	if _, err := io.WriteString(w, "\n\n"); err != nil {
		return err
	}
	r, end, err := os.Pipe()
	if err != nil {
		return err
	}
	defer r.Close()
	go func() {
		fd := end.Fd() // in blocking mode from here on
		C.dump(C.int(fd), 0)
		end.Close()
	}()
	_, err = io.Copy(w, r)
	if err != nil {
		io.Copy(io.Discard, r) // so that the dump ends
	}
	return err
}
