// SPDX-License-Identifier: BSD-3-Clause

//go:build !go1.27

#include "textflag.h"

// func Run(f func())
TEXT ·Run(SB), NOSPLIT, $16-8
	MOVD	f+0(FP), R0
	MOVD	R0, 8(RSP)
	BL	runtime·systemstack(SB)
	RET
