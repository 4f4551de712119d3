// SPDX-License-Identifier: BSD-3-Clause
// Functions as assemblers without unwind information leave them. Each ends in an illegal
// instruction, with rbp overwritten where the name says so.

#define KERNEL(name, body)                                                      \
	".globl nc_" name "\n.type nc_" name ", @function\nnc_" name ":\n" body \
	"ud2\n.size nc_" name ", . - nc_" name "\n"

__asm__(".text\n" KERNEL("push", "push %rbx\npush %r12\n") KERNEL(
	"spoilt", "push %rbx\npush %rbp\nmov $-1, %rbp\nsub $40, %rsp\n") KERNEL("align",
	"push %rbx\npush %r12\nmov %rsp, %rax\nsub $0x60, %rsp\nand $-32, %rsp\n"
	"mov %rax, 0x50(%rsp)\n") KERNEL("room", "sub $2040, %rsp\n") KERNEL("frame",
	"push %rbp\nmov %rsp, %rbp\nsub $64, %rsp\n") KERNEL("leaf", "mov %rdi, %rax\n")
		KERNEL("outer", "push %rbx\npush %r12\nsub $24, %rsp\ncall nc_push\n"));
