// SPDX-License-Identifier: BSD-3-Clause
// Abi: who may see a name. The edge (x_cgo_*, _cgo_*) is what Go imports; nothing else leaves the
// package, so a user's C code may define any other name.
#ifndef RCGO_LINKAGE_H
#define RCGO_LINKAGE_H

#define RCGO_EXPORT __attribute__((visibility("default")))
#define RCGO_HIDDEN __attribute__((visibility("hidden")))

// Functions shared between files are hidden. tools/amalgamate joins files, and there they are
// static, so that the compiler sees through them: those that only one group of parts uses
// (RCGO_INTERN) in either shape, those that the groups share (RCGO_SHARED) where all are one file.
#ifdef RCGO_AMALGAMATION
#	define RCGO_INTERN static __attribute__((unused))
#else
#	define RCGO_INTERN extern RCGO_HIDDEN
#endif
#if defined(RCGO_AMALGAMATION) && !defined(RCGO_GROUPS)
#	define RCGO_SHARED static __attribute__((unused))
#else
#	define RCGO_SHARED extern RCGO_HIDDEN
#endif

#endif // RCGO_LINKAGE_H
