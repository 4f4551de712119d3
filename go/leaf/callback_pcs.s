// SPDX-License-Identifier: BSD-3-Clause
// The addresses of the functions of callback_GOARCH.s. In Go, the func value of an assembly
// function has the address of a wrapper around it.

//go:build linux && cgo && (amd64 || arm64)

#include "textflag.h"

// WHOLE is an address in callbackFrame where its frame is complete. ANCHOR is a return address
// in callbackAnchor.
#ifdef GOARCH_amd64
#define WHOLE ·callbackFrame+16
#define ANCHOR ·callbackAnchor+8
#else
#define WHOLE ·callbackFrame+8
#define ANCHOR ·callbackAnchor+8
#endif

DATA ·callbackPCs+0(SB)/8, $·callbackCall(SB)
DATA ·callbackPCs+8(SB)/8, $·callbackEnter(SB)
DATA ·callbackPCs+16(SB)/8, $WHOLE(SB)
DATA ·callbackPCs+24(SB)/8, $ANCHOR(SB)
DATA ·callbackPCs+32(SB)/8, $·callbackThunks(SB)
DATA ·callbackPCs+40(SB)/8, $·callbackFreed(SB)
DATA ·callbackPCs+48(SB)/8, $·regionRelease(SB)
DATA ·callbackPCs+56(SB)/8, $·regionAcquire(SB)
DATA ·callbackPCs+64(SB)/8, $·exportEnter(SB)
DATA ·callbackPCs+72(SB)/8, $·exportLeave(SB)
// Larger than Go's variable, because AddressSanitizer uses the memory behind that as a red zone.
GLOBL ·callbackPCs(SB), NOPTR|RODATA, $128
