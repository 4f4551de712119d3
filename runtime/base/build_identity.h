// SPDX-License-Identifier: BSD-3-Clause
// Base: how the identity of our C half is found in a program. cmd/rcgo reads it.
#ifndef RCGO_BUILD_IDENTITY_H
#define RCGO_BUILD_IDENTITY_H

// The owner of the ELF note, and the first word of the text.
#define RCGO_IDENTITY_NAME "runtime_cgo"

// Stands before the text where it is no note. The escapes keep the mark itself out of the sources.
#define RCGO_IDENTITY_MARK "\177rcgo\177"

#endif // RCGO_BUILD_IDENTITY_H
