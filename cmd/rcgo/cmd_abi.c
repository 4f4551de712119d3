// SPDX-License-Identifier: BSD-3-Clause
// rcgo abi: compares the symbols that the current GOROOT imports with those we supply.
#include "rcgo.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

static const char *
yes(bool b)
{
	return b ? "yes" : "-";
}

static void
print_table(const struct contract *c)
{
	printf("%-30s  %-4s  %-9s  %-9s  %-11s  %-8s  %s\n", "NAME", "KIND", "PART", "GO",
		"WANTED BY", "IMPORTED", "SUPPLIED");
	for (size_t i = 0; i < c->n; i++) {
		const struct contract_name *n = &c->at[i];
		bool missing = n->imported && !n->supplied;

		printf("%-30s  %-4s  %-9s  %-9s  %-11s  %-8s  %s\n", n->name, n->kind, n->part,
			n->versions, n->by, yes(n->imported), missing ? "NO" : yes(n->supplied));
	}
}

static void
print_json(const struct goenv *e, const struct contract *c)
{
	json_t *names = json_array();

	for (size_t i = 0; i < c->n; i++) {
		const struct contract_name *n = &c->at[i];

		json_array_append_new(names,
			json_pack("{s:s, s:s, s:s, s:s, s:s, s:b, s:b}", "name", n->name, "kind",
				n->kind, "part", n->part, "go", n->versions, "wanted_by", n->by,
				"imported", n->imported, "supplied", n->supplied));
	}
	json_t *all = json_pack("{s:s, s:s, s:s, s:s, s:i, s:i, s:o}", "goroot", e->goroot,
		"version", e->version, "goos", e->goos, "goarch", e->goarch, "imported",
		(int)c->imported, "missing", (int)c->missing, "names", names);

	if (all == NULL || json_dumpf(all, stdout, JSON_INDENT(2)) != 0) {
		fail("cannot print the contract as JSON", NULL, NULL);
	}
	puts("");
}

int
cmd_abi(int argc, char **argv)
{
	static const struct option longs[] = {{"json", no_argument, NULL, 'j'}, {0}};
	bool json = false;
	const char *dir = NULL;
	char *why = NULL;
	struct contract contract;
	struct goenv e;

	opterr = 0; // usage_flag prints the message
	for (int c; (c = getopt_long_only(argc, argv, "C:", longs, NULL)) != -1;) {
		switch (c) {
		case 'C':
			dir = optarg;
			break;
		case 'j':
			json = true;
			break;
		default:
			usage_flag("abi", argv);
		}
	}
	if (optind < argc) {
		usage_error("abi", "abi takes no arguments, got %s", argv[optind]);
	}
	goenv_load(&e, dir);
	fail_on(problem_platform(&e));
	fail_on(problem_goroot(&e));
	if (!contract_load(&e, &contract, &why)) {
		fail(why, "the go command must say which of its files count for this platform",
			NULL);
	}
	if (json) {
		print_json(&e, &contract);
	} else {
		print_table(&contract);
		printf("\n%s %s/%s imports %zu names; rcgo supplies %zu of them", e.version, e.goos,
			e.goarch, contract.imported, contract.imported - contract.missing);
		printf(contract.missing == 0 ? ".\n" : ", %zu are MISSING.\n", contract.missing);
	}
	return contract.missing == 0 ? 0 : 1;
}
