// SPDX-License-Identifier: BSD-3-Clause
// The kernel interface of seccomp filters, for compilers without the kernel headers.
#ifndef KERNEL_SECCOMP_H
#define KERNEL_SECCOMP_H

#include <stdint.h>

struct sock_filter {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

struct sock_fprog {
	unsigned short len;
	struct sock_filter *filter;
};

struct seccomp_data {
	int nr;
	uint32_t arch;
	uint64_t instruction_pointer, args[6];
};

#define BPF_LD 0x00
#define BPF_JMP 0x05
#define BPF_RET 0x06
#define BPF_W 0x00
#define BPF_ABS 0x20
#define BPF_JEQ 0x10
#define BPF_K 0x00
#define BPF_STMT(code, k)                 \
	{                                 \
		(uint16_t)(code), 0, 0, k \
	}
#define BPF_JUMP(code, k, jt, jf)           \
	{                                   \
		(uint16_t)(code), jt, jf, k \
	}
#define SECCOMP_SET_MODE_FILTER 1
#define SECCOMP_RET_ALLOW 0x7fff0000u

#endif // KERNEL_SECCOMP_H
