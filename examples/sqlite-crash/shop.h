// SPDX-License-Identifier: BSD-3-Clause
// SQL functions of a shop.
#ifndef SHOP_H
#define SHOP_H

// Every connection that is opened from now on has shop_price and shop_stock.
int shop_open(void);

#endif // SHOP_H
