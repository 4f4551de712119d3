// SPDX-License-Identifier: BSD-3-Clause
// SQL functions of a shop. Each has a bug that crashes the process.
#include "shop.h"

#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

// A price list, ordered by weight. A stray write has destroyed the last entry's next pointer.
struct price {
	int below; // grams
	int cents;
	const struct price *next;
};

static const struct price heavy = {1000, 500, (const struct price *)(uintptr_t)0xdead0000};
static const struct price middle = {200, 120, &heavy};
static const struct price light = {100, 30, &middle};

static int
price_of(const struct price *list, int gram)
{
	while (gram >= list->below) { // line: bad pointer
		list = list->next;
	}
	return list->cents;
}

static void
shop_price(sqlite3_context *context, int count, sqlite3_value **values)
{
	(void)count;
	sqlite3_result_int(context, price_of(&light, sqlite3_value_int(values[0])));
}

// Bug: it uses the number of a statement as if it were a handle.
static void
shop_stock(sqlite3_context *context, int count, sqlite3_value **values)
{
	sqlite3_stmt *statement = (sqlite3_stmt *)(uintptr_t)sqlite3_value_int(values[0]);

	(void)count;
	sqlite3_step(statement); // line: bad handle
	sqlite3_result_int(context, sqlite3_column_int(statement, 0));
}

static int
shop_functions(sqlite3 *db, const char **message, const struct sqlite3_api_routines *api)
{
	(void)message;
	(void)api;
	sqlite3_create_function(db, "shop_price", 1, SQLITE_UTF8, NULL, shop_price, NULL, NULL);
	return sqlite3_create_function(
		db, "shop_stock", 1, SQLITE_UTF8, NULL, shop_stock, NULL, NULL);
}

int
shop_open(void)
{
	return sqlite3_auto_extension((void (*)(void))shop_functions);
}
