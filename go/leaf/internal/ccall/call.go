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

// The functions for calls in frames, as enum leaf_frame has them.
const (
	Two = iota
	Six
	ThreeDoubles
	AnyInteger
	AnyDouble
	AnyFloat
	SixErrno
	AnyErrno
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
	Callbacks int32 // 1: the function may call back
	Locks     int64 // held across a callback; -1: not known
}

// Words is how many words of g and of m are looked at.
const Words = 64

// Facts mirrors struct leaf_facts.
type Facts struct {
	G, M, G0, G0M, G0SP, CSP uintptr
	GWords, MWords           [Words]uintptr
}
