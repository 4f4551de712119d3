// SPDX-License-Identifier: BSD-3-Clause
// SQL functions of a shop.
#ifndef SHOP_H
#define SHOP_H

// Registers shop_price and shop_stock for every connection that is opened afterwards.
int shop_open(void);

#endif // SHOP_H
