// SPDX-License-Identifier: BSD-3-Clause

//go:build !go1.27

#include "textflag.h"

// func Run(f func())
TEXT ·Run(SB), NOSPLIT, $8-8
	MOVQ	f+0(FP), AX
	MOVQ	AX, 0(SP)
	CALL	runtime·systemstack(SB)
	RET
