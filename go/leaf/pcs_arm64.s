// SPDX-License-Identifier: BSD-3-Clause
// The addresses of the entries themselves: a Go func value of one would name a wrapper around it.

//go:build linux && cgo

#include "textflag.h"

DATA ·entryPC+0(SB)/8, $·call19(SB)
DATA ·entryPC+8(SB)/8, $·call19(SB)
DATA ·entryPC+16(SB)/8, $·call19(SB)
DATA ·entryPC+24(SB)/8, $·call19errno(SB)
DATA ·entryPC+32(SB)/8, $·call19errno1(SB)
DATA ·entryPC+40(SB)/8, $·call22(SB)
DATA ·entryPC+48(SB)/8, $·call22(SB)
DATA ·entryPC+56(SB)/8, $·call22(SB)
DATA ·entryPC+64(SB)/8, $·call22errno(SB)
DATA ·entryPC+72(SB)/8, $·call22errno1(SB)
DATA ·entryPC+80(SB)/8, $·call26(SB)
DATA ·entryPC+88(SB)/8, $·call26(SB)
DATA ·entryPC+96(SB)/8, $·call26(SB)
DATA ·entryPC+104(SB)/8, $·call26errno(SB)
DATA ·entryPC+112(SB)/8, $·call26errno1(SB)
GLOBL ·entryPC(SB), NOPTR|RODATA, $120

DATA ·framePC(SB)/8, $·call+8(SB)
GLOBL ·framePC(SB), NOPTR|RODATA, $8
