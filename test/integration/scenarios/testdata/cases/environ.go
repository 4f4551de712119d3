// SPDX-License-Identifier: BSD-3-Clause
package main

// #include <stdlib.h>
// #include "environ.h"
import "C"

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
	"unsafe"
)

func init() {
	cases["env-stress"] = func(args []string) error { return environStress(args, false) }
	cases["env-stress-writer"] = func(args []string) error { return environStress(args, true) }
	cases["env-growth"] = caseEnvironGrowth
}

func stressValue(n int) string {
	return strconv.Itoa(n) + ":" + strings.Repeat(string(rune('a'+n%26)), n)
}

// environStress sets, changes and unsets variables for some seconds, while C threads read them. With writer, no thread
// reads; instead a C thread sets and unsets variables of its own by libc's functions, which move the environment.
func environStress(args []string, writer bool) error {
	seconds := 2.0
	if len(args) > 0 {
		var err error
		if seconds, err = strconv.ParseFloat(args[0], 64); err != nil {
			return err
		}
	}
	os.Setenv("STRESS_KEPT", "kept")
	if !writer && C.environ_readers_start() != 0 || writer && C.environ_writer_start() != 0 {
		return errors.New("no threads")
	}
	changes := 0
	for end := time.Now().Add(time.Duration(seconds * float64(time.Second))); time.Now().Before(end); {
		changes += stressRound(changes)
	}
	why := make([]C.char, 200)
	n := C.environ_threads_stop(&why[0], 200)
	if n < 0 {
		return fmt.Errorf("C read %s", C.GoString(&why[0]))
	}
	fmt.Printf("%d changes, %d readings\n", changes, n)
	return sameInC()
}

// stressRound makes many new names, for which the array grows, and tombstones where they are unset.
func stressRound(seed int) int {
	for i := 0; i < 300; i++ {
		os.Setenv("STRESS_MANY_"+strconv.Itoa((seed+i)%1000), stressValue(i%50))
	}
	for i := 0; i < 2000; i++ {
		name := "STRESS_" + strconv.Itoa(i%8)
		if i%5 == 4 {
			os.Unsetenv(name)
		} else {
			os.Setenv(name, stressValue((seed+i)%700))
		}
		if i%100 == 0 {
			os.Setenv("TZ", []string{"UTC", "Europe/Paris", "Asia/Tokyo"}[i/100%3])
		}
	}
	for i := 0; i < 300; i++ {
		os.Unsetenv("STRESS_MANY_" + strconv.Itoa((seed+i)%1000))
	}
	return 2620
}

// sameInC checks that C's environment has the same variables as Go's, and no others of the test.
func sameInC() error {
	for _, pair := range os.Environ() {
		i := strings.IndexByte(pair, '=')
		name := C.CString(pair[:i])
		value := C.getenv(name)
		C.free(unsafe.Pointer(name))
		if value == nil || C.GoString(value) != pair[i+1:] {
			return fmt.Errorf("C does not have %q", pair)
		}
	}
	for i := 0; i < 1000; i++ {
		name := "STRESS_MANY_" + strconv.Itoa(i)
		cName := C.CString(name)
		if _, set := os.LookupEnv(name); !set && C.getenv(cName) != nil {
			return fmt.Errorf("C still has %s", name)
		}
		C.free(unsafe.Pointer(cName))
	}
	return nil
}

func residentKiB() (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, err
	}
	rest := status[bytes.Index(status, []byte("VmRSS:"))+len("VmRSS:"):]
	fields := bytes.Fields(rest)
	if len(fields) == 0 {
		return 0, errors.New("no VmRSS")
	}
	return strconv.Atoi(string(fields[0]))
}

// caseEnvironGrowth prints how much memory a number of new values takes: env-growth COUNT.
func caseEnvironGrowth(args []string) error {
	count, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	before, err := residentKiB()
	if err != nil {
		return err
	}
	start := time.Now()
	for i := 0; i < count; i++ {
		os.Setenv("GROWTH", "a value that was never there before: "+strconv.Itoa(i))
	}
	took := time.Since(start)
	after, err := residentKiB()
	fmt.Printf("grew by %d KiB in %d calls of %d ns\n", after-before, count, took.Nanoseconds()/int64(count))
	return err
}
