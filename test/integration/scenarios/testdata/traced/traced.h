// SPDX-License-Identifier: BSD-3-Clause
#ifndef TRACED_H
#define TRACED_H

void raise_usr1(void);
void raise_usr2(int n);
void call_often(int n);
void call_on_thread(void);

#endif // TRACED_H
