// SPDX-License-Identifier: BSD-3-Clause
#ifndef FACTS_H
#define FACTS_H

void facts_actions(void);
void facts_thread(void);
void facts_environ(const char *name);
void facts_child(void);

#endif // FACTS_H
