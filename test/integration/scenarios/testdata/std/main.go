// SPDX-License-Identifier: BSD-3-Clause

// Std uses C by packages of the standard library alone. Go's own linker then links the program, and our runtime/cgo too.
package main

import (
	"fmt"
	"net"
	"os"
	"os/user"
)

func main() {
	if u, err := user.LookupId("0"); err != nil || u.Username != "root" {
		fmt.Println(u, err)
		os.Exit(1)
	}
	if found, err := net.LookupHost("localhost"); err != nil || len(found) == 0 {
		fmt.Println(found, err)
		os.Exit(1)
	}
	fmt.Println("std ok")
}
