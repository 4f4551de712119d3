// SPDX-License-Identifier: BSD-3-Clause

//go:build !(amd64 || arm64 || riscv64) || windows

package ccall

// ByRegister: here the place of an argument depends on those before it.
const ByRegister = false
