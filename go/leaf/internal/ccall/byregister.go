// SPDX-License-Identifier: BSD-3-Clause

//go:build (amd64 || arm64 || riscv64) && !windows

package ccall

// ByRegister says whether C finds integers and floats in registers of each kind, whatever stands
// between them: only then does one way of calling fit every function.
const ByRegister = true
