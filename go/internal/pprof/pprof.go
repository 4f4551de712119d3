// SPDX-License-Identifier: BSD-3-Clause

// Package pprof writes the format of go tool pprof:
// github.com/google/pprof/proto/profile.proto, gzipped.
package pprof

import (
	"compress/gzip"
	"io"
)

// A Message of the protocol buffer format.
type Message []byte

// Varint appends a number without a field.
func (m *Message) Varint(v uint64) {
	for ; v >= 0x80; v >>= 7 {
		*m = append(*m, byte(v)|0x80)
	}
	*m = append(*m, byte(v))
}

// Number appends a field with a number. 0 is what a field without a value has.
func (m *Message) Number(field int, v int64) {
	if v != 0 {
		m.Varint(uint64(field) << 3)
		m.Varint(uint64(v))
	}
}

// Flag appends a field that is true or false.
func (m *Message) Flag(field int, v bool) {
	if v {
		m.Number(field, 1)
	}
}

// Bytes appends a field with bytes, a string or a message.
func (m *Message) Bytes(field int, b []byte) {
	m.Varint(uint64(field)<<3 | 2)
	m.Varint(uint64(len(b)))
	*m = append(*m, b...)
}

// Packed appends a field with a list of numbers.
func (m *Message) Packed(field int, v []int64) {
	var b Message
	for _, n := range v {
		b.Varint(uint64(n))
	}
	m.Bytes(field, b)
}

// Fields of a profile.
const (
	SampleType, Sample, Mapping, Location, Function = 1, 2, 3, 4, 5
	stringTable, Time, Duration, PeriodType, Period = 6, 9, 10, 11, 12
	DefaultType                                     = 14
)

// A Builder collects a profile, in Out, and its table of strings.
type Builder struct {
	Out       Message
	strings   map[string]int64
	list      []string
	functions map[[2]string]int64
}

// NewBuilder returns an empty profile.
func NewBuilder() *Builder {
	b := &Builder{strings: make(map[string]int64), functions: make(map[[2]string]int64)}
	b.Text("") // has to be the first
	return b
}

// Text returns the number of a string.
func (b *Builder) Text(s string) int64 {
	id, ok := b.strings[s]
	if !ok {
		id = int64(len(b.list))
		b.strings[s] = id
		b.list = append(b.list, s)
	}
	return id
}

// Function returns the number of a function.
func (b *Builder) Function(name, file string) int64 {
	key := [2]string{name, file}
	id, ok := b.functions[key]
	if !ok {
		id = int64(len(b.functions) + 1)
		b.functions[key] = id
		var m Message
		m.Number(1, id)
		m.Number(2, b.Text(name))
		m.Number(3, b.Text(name))
		m.Number(4, b.Text(file))
		b.Out.Bytes(Function, m)
	}
	return id
}

// ValueType appends a kind of value and its unit.
func (b *Builder) ValueType(field int, kind, unit string) {
	var m Message
	m.Number(1, b.Text(kind))
	m.Number(2, b.Text(unit))
	b.Out.Bytes(field, m)
}

// Label appends a label to a sample.
func (b *Builder) Label(sample *Message, key, value string) {
	var m Message
	m.Number(1, b.Text(key))
	m.Number(2, b.Text(value))
	sample.Bytes(3, m)
}

// Write writes the profile.
func (b *Builder) Write(w io.Writer) error {
	for _, s := range b.list {
		b.Out.Bytes(stringTable, []byte(s))
	}
	zip := gzip.NewWriter(w)
	if _, err := zip.Write(b.Out); err != nil {
		return err
	}
	return zip.Close()
}
