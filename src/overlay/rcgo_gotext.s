// SPDX-License-Identifier: BSD-3-Clause
// Overlay: where Go's text lies, for C: uintptr_t rcgo_go_text[2]; see src/base/rcgo_gotext.h.

//go:build linux

#include "textflag.h"

DATA rcgo_go_text+0(SB)/8, $runtime·text(SB)
DATA rcgo_go_text+8(SB)/8, $runtime·etext(SB)
GLOBL rcgo_go_text(SB), NOPTR, $16
