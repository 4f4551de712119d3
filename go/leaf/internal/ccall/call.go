// SPDX-License-Identifier: BSD-3-Clause

// Package ccall is the C side of package leaf: a package with C in it can hold no Go assembly.
package ccall

// The kinds of results, as enum leaf_result has them.
const (
	Nothing = iota
	Integer
	Double
	Float
)

// A Call mirrors struct leaf_call.
type Call struct {
	Fn      uintptr
	Ints    [6]uintptr
	Floats  [8]uint64
	Result  uintptr
	FResult uint64
	Kind    int32
	Err     int32
}

// Findings mirrors struct leaf_findings.
type Findings struct {
	CPU, Wall uint64
	Blocked   int64
	CalledGo  int32
	_         int32
}

// Facts mirrors struct leaf_facts.
type Facts struct {
	G                                              uintptr
	Gm, Gsched, Gsyscallsp, Gsyscallpc, Mg0, Mcurg uint32
	Mncgo                                          uint32
	M, G0, G0m, Curg, StackLo, StackHi, SchedSP    uintptr
	SyscallSP, SyscallPC, G0SP, CSP                uintptr
	Ncgo                                           int32
	_                                              int32
}
