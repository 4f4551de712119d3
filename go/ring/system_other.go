// SPDX-License-Identifier: BSD-3-Clause

//go:build !linux

package ring

import (
	"errors"
	"os"
	"runtime"
	"time"
)

var errSystem = errors.New("ring: rings are for Linux; this is " + runtime.GOOS)

func newMemory(uintptr) ([]byte, error)        { return nil, errSystem }
func freeMemory([]byte)                        {}
func newEventfd() (*os.File, int, error)       { return nil, -1, errSystem }
func closeFD(int)                              {}
func futexWait(*uint32, uint32, time.Duration) {}
func futexWake(*uint32, int)                   {}
func processID() int                           { return os.Getpid() }
