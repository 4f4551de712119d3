// SPDX-License-Identifier: BSD-3-Clause
// The addresses of the entries. In Go, the func value of an assembly function has the address of a
// wrapper around it.

//go:build linux && cgo && (amd64 || arm64)

#include "textflag.h"

// On arm64 Go and C pass arguments in the same registers, so one entry serves any number of them.
// WHOLE is an address in call where its frame is complete.
#ifdef GOARCH_amd64
#define NONE19 ·call19none
#define TWO19 ·call19two
#define NONE22 ·call22none
#define TWO22 ·call22two
#define NONE23 ·call23none
#define TWO23 ·call23two
#define NONE25 ·call25none
#define TWO25 ·call25two
#define NONE26 ·call26none
#define TWO26 ·call26two
#define WHOLE ·call+16
#else
#define NONE19 ·call19
#define TWO19 ·call19
#define NONE22 ·call22
#define TWO22 ·call22
#define NONE23 ·call23
#define TWO23 ·call23
#define NONE25 ·call25
#define TWO25 ·call25
#define NONE26 ·call26
#define TWO26 ·call26
#define WHOLE ·call+8
#endif

#define ENTRIES(AT, NONE, TWO, SIX, SECOND, ONLY) \
DATA ·entryPC+(AT+0)(SB)/8, $NONE(SB); \
DATA ·entryPC+(AT+8)(SB)/8, $TWO(SB); \
DATA ·entryPC+(AT+16)(SB)/8, $SIX(SB); \
DATA ·entryPC+(AT+24)(SB)/8, $SECOND(SB); \
DATA ·entryPC+(AT+32)(SB)/8, $ONLY(SB)

ENTRIES(0, NONE19, TWO19, ·call19, ·call19errno, ·call19errno1)
ENTRIES(40, NONE22, TWO22, ·call22, ·call22errno, ·call22errno1)
ENTRIES(80, NONE23, TWO23, ·call23, ·call23errno, ·call23errno1)
ENTRIES(120, NONE25, TWO25, ·call25, ·call25errno, ·call25errno1)
ENTRIES(160, NONE26, TWO26, ·call26, ·call26errno, ·call26errno1)
ENTRIES(200, ·callAny, ·callAny, ·callAny, ·callAnyErrno, ·callAnyErrno1)
// Larger than Go's variables, because AddressSanitizer uses the memory behind those as red zones.
GLOBL ·entryPC(SB), NOPTR|RODATA, $384

DATA ·framePC(SB)/8, $WHOLE(SB)
GLOBL ·framePC(SB), NOPTR|RODATA, $128
