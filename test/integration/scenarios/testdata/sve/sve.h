// SPDX-License-Identifier: BSD-3-Clause
#ifndef SVE_H
#define SVE_H

#include <stdint.h>

unsigned sve_length(void);
void sve_fill(unsigned seed);
int sve_check(void);
int sve_start(void);
unsigned sve_hits(void);
uintptr_t sve_handler_stack(void);

#endif // SVE_H
