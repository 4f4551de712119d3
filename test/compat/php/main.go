// SPDX-License-Identifier: BSD-3-Clause

//go:build compat

// Php is PHP's embedded interpreter in a Go program. PHP has its own table of signal handlers, and restores those that
// it finds changed. It takes each SIGPROF for the end of its time limit, so there is none here.
package main

// #cgo CFLAGS: -Wall
// #cgo LDFLAGS: -lphp
// #include "work.h"
import "C"

import (
	"errors"
	"runtime"

	"runtime_cgo/test/compat/stress"
)

const program = `
function round_of_work() {
	$words = [];
	for ($i = 0; $i < 2000; $i++) {
		$words[md5((string)$i)] = str_repeat(chr(65 + $i % 26), $i % 100);
	}
	ksort($words);
	$bytes = strlen(implode(array_map('strrev', $words)));
	return $bytes === 99000 && go_work(41) === 42 && preg_match('/^(a+)+$/', str_repeat('a', 20)) === 1;
}`

//export workInGo
func workInGo(n C.int) C.int {
	return C.int(stress.Work(int(n)))
}

func init() { runtime.LockOSThread() }

func main() {
	if C.work_start(C.CString(program)) != 0 {
		panic("cannot start")
	}
	stress.RunWithoutProf("php", func() error {
		if C.work_round() != 0 {
			return errors.New("something went wrong in PHP")
		}
		return stress.Fault()
	})
}
