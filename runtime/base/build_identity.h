// SPDX-License-Identifier: BSD-3-Clause
// Base: the marks by which cmd/rcgo finds the identity of our runtime/cgo in a program.
#ifndef RCGO_BUILD_IDENTITY_H
#define RCGO_BUILD_IDENTITY_H

// The owner name of the ELF note, and the first word of the identity text.
#define RCGO_IDENTITY_NAME "runtime_cgo"

// The type of the note.
#define RCGO_IDENTITY_NOTE 1

// Precedes the identity text where it is not in a note. The escapes keep the mark itself out of the
// source files.
#define RCGO_IDENTITY_MARK "\177rcgo\177"

#endif // RCGO_BUILD_IDENTITY_H
