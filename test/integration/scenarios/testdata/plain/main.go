// SPDX-License-Identifier: BSD-3-Clause
// Plain has no C of its own, only that of net and os/user: such programs are linked by Go's internal linker.
package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
)

func main() {
	if _, err := user.LookupId("0"); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	go func() {
		if c, err := l.Accept(); err == nil {
			c.Close()
		}
	}()
	if _, err := net.Dial("tcp", l.Addr().String()); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	if err := exec.Command("/bin/true").Run(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("plain ok")
}
