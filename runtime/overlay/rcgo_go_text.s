// SPDX-License-Identifier: BSD-3-Clause
// Overlay: the bounds of Go's text, and a function that C calls to get the thread's g.
// runtime/base/go_text.c declares the same data as a struct.

//go:build linux || freebsd

#include "textflag.h"

#ifdef GOARCH_386
#define WORDS_OF_32_BITS
#endif
#ifdef GOARCH_arm
#define WORDS_OF_32_BITS
#endif
#ifdef WORDS_OF_32_BITS
DATA rcgo_go_text+0(SB)/4, $runtime·text(SB)
DATA rcgo_go_text+4(SB)/4, $runtime·etext(SB)
GLOBL rcgo_go_text(SB), NOPTR, $12
#else
DATA rcgo_go_text+0(SB)/8, $runtime·text(SB)
DATA rcgo_go_text+8(SB)/8, $runtime·etext(SB)
GLOBL rcgo_go_text(SB), NOPTR, $24
#endif
// On other CPUs the third word is 0: the g is not known.
#ifdef GOARCH_386
DATA rcgo_go_text+8(SB)/4, $current_g<>(SB)
#endif
#ifdef GOARCH_amd64
DATA rcgo_go_text+16(SB)/8, $current_g<>(SB)
#endif
#ifdef GOARCH_arm64
DATA rcgo_go_text+16(SB)/8, $current_g<>(SB)
#endif

#ifdef GOARCH_amd64
TEXT current_g<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVQ	TLS, AX
	MOVQ	0(AX)(TLS*1), AX
	RET
#endif

#ifdef GOARCH_386
TEXT current_g<>(SB), NOSPLIT|NOFRAME, $0-0
	MOVL	TLS, AX
	MOVL	0(AX)(TLS*1), AX
	RET
#endif

#ifdef GOARCH_arm64
// load_g changes R0, R27 and g. The last two are callee-saved in C.
TEXT current_g<>(SB), NOSPLIT|NOFRAME, $0-0
	SUB	$32, RSP
	STP	(R27, g), 0(RSP)
	MOVD	R30, 16(RSP)
	BL	runtime·load_g(SB)
	MOVD	g, R0
	LDP	0(RSP), (R27, g)
	MOVD	16(RSP), R30
	ADD	$32, RSP
	RET
#endif
