// SPDX-License-Identifier: BSD-3-Clause
// rcgo env: prints an environment in the syntax of a shell or a tool. A null value unsets a
// variable.
#include "rcgo.h"

#include <stdio.h>
#include <string.h>

// Returns s with a backslash before each of these characters.
static char *
escape(const char *s, const char *characters)
{
	char *out = xalloc(2 * strlen(s) + 1), *p = out;

	for (; *s != '\0'; s++) {
		if (strchr(characters, *s) != NULL) {
			*p++ = '\\';
		}
		*p++ = *s;
	}
	return out;
}

static void
print_sh(const char *name, const char *value)
{
	if (value == NULL) {
		printf("unset %s\n", name);
	} else {
		printf("export %s=%s\n", name, shell_quote(value));
	}
}

static void
print_fish(const char *name, const char *value)
{
	if (value == NULL) {
		printf("set -e %s\n", name);
	} else if (strcmp(name, "PATH") == 0) {
		printf("set -gx PATH (string split : -- '%s')\n", escape(value, "\\'"));
	} else {
		printf("set -gx %s '%s'\n", name, escape(value, "\\'"));
	}
}

// The format of the file that $GITHUB_ENV names, and of docker's --env-file.
static void
print_plain(const char *name, const char *value)
{
	printf("%s=%s\n", name, value == NULL ? "" : value);
}

// The format of a makefile, for include. Make treats $ and # specially.
static void
print_make(const char *name, const char *value)
{
	if (value == NULL) {
		printf("unexport %s\n", name);
		return;
	}
	printf("export %s := ", name);
	for (const char *p = value; *p != '\0'; p++) {
		printf("%s%c", *p == '$' ? "$" : *p == '#' ? "\\" : "", *p);
	}
	puts("");
}

static void
print_object(const json_t *json)
{
	if (json_dumpf(json, stdout, JSON_INDENT(2)) != 0) {
		fail("cannot print the environment as JSON", NULL, NULL);
	}
	puts("");
}

// The format of VS Code's settings.json.
static void
print_vscode(json_t *variables)
{
	json_t *json = json_object(), *tools = json_deep_copy(variables);
	const char *path = json_string_value(json_object_get(tools, "PATH"));

	if (path != NULL) {
		char *go = path_join(strndup(path, strcspn(path, ":")), "go");
		json_t *alternate = json_object();

		json_set_text(alternate, "go", go);
		json_object_set_new(json, "go.alternateTools", alternate);
		json_object_del(tools, "PATH");
	}
	json_object_set_new(json, "go.toolsEnvVars", tools);
	print_object(json);
}

static const struct {
	const char *name;
	void (*print)(const char *name, const char *value);
} formats[] = {
	{"sh", print_sh},
	{"direnv", print_sh},
	{"fish", print_fish},
	{"github", print_plain},
	{"make", print_make},
};

// Prints the variables. Returns false if the format is unknown.
bool
env_print(json_t *variables, const char *format)
{
	const char *name;
	json_t *value;

	if (strcmp(format, "json") == 0) {
		print_object(variables);
		return true;
	}
	if (strcmp(format, "vscode") == 0) {
		print_vscode(variables);
		return true;
	}
	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		if (strcmp(format, formats[i].name) != 0) {
			continue;
		}
		json_object_foreach(variables, name, value)
		{
			formats[i].print(name, json_string_value(value));
		}
		return true;
	}
	return false;
}

char *
env_formats(void)
{
	char *out = xstrdup("");

	for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
		out = fmt("%s%s, ", out, formats[i].name);
	}
	return fmt("%svscode, json", out);
}
