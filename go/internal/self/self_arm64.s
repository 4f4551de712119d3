// SPDX-License-Identifier: BSD-3-Clause
#include "textflag.h"

// func G() uintptr
TEXT ·G(SB), NOSPLIT, $0-8
	MOVD	g, ret+0(FP)
	RET
