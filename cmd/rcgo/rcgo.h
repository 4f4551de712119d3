// SPDX-License-Identifier: BSD-3-Clause
// rcgo, the go command with our runtime/cgo: declarations shared by its files. A process of rcgo
// runs for milliseconds and then executes go, so it does not free memory. Only rcgo top, which runs
// for a long time, does.
#ifndef RCGO_H
#define RCGO_H

#include <jansson.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))

enum {
	OLDEST_GO = 19,	      // Go 1.19: the first release whose runtime/cgo we replace
	NEWEST_GO = 27,	      // the last release that our tests have run with
	QUOTING_GO = 22,      // GOFLAGS may contain quotes since this version
	MODULE_CACHE_GO = 25, // go rejects overlays of files in the module cache since this version
	EXIT_RCGO = 2,	      // an error of rcgo itself; other statuses are those of go
};

// util.c: memory, strings, messages
void *xalloc(size_t size);
char *xstrdup(const char *s);
char *fmt(const char *format, ...) PRINTF(1, 2);
struct problem {
	const char *what, *why, *todo; // why and todo may be NULL
};
struct problem *problem(const char *what, const char *why, const char *todo);
void warn(const struct problem *p);
void note(const char *text);
_Noreturn void fail(const char *what, const char *why, const char *todo);
void fail_on(const struct problem *p);
_Noreturn void usage_error(const char *command, const char *format, ...) PRINTF(2, 3);
_Noreturn void usage_flag(const char *command, char *const *argv);
bool has_prefix(const char *s, const char *prefix);
bool has_suffix(const char *s, const char *suffix);
uint64_t fnv1a(uint64_t hash, const void *data, size_t size);
// As qsort, for items that often are in order.
void sort_items(void *items, size_t n, size_t size, int (*compare)(const void *, const void *));
#define FNV1A_START 0xcbf29ce484222325ULL
char *shell_quote(const char *s);

struct strings {
	char **at; // terminated by NULL, as execv requires
	size_t n, room;
};
void strings_add(struct strings *list, char *s);

// file.c: paths and files
char *path_join(const char *dir, const char *name);
char *path_clean(const char *path);
char *path_absolute(const char *base, const char *path);
char *working_dir(const char *dir);
char *path_search(const char *name);
char *path_search_other(const char *name);
bool path_is_self(const char *path);
// own_program_linux.c, own_program_freebsd.c: a path by which the file of a running program can be
// opened. That of this rcgo; "" if unknown. That of a process; NULL and errno if there is none.
const char *own_program(void);
char *program_of(const char *pid);
char *first_word(const char *command);
char *read_file(const char *path, size_t *size);
int write_file(const char *path, const void *data, size_t size);
void write_output(const char *path, const char *text);

// spawn.c: runs other programs
struct spawned {
	int status; // exit status; 128+signal; -1 if there is none (see err)
	int err;    // EFBIG: it printed without end; ETIMEDOUT: it did not end; else of its start
	char *out;
};
enum spawn_stderr { STDERR_KEEP, STDERR_MERGE, STDERR_DROP };
struct spawned spawn(const char *dir, char *const argv[], enum spawn_stderr how);
long spawn_seconds(void); // how long a program may take

// goenv.c: the current go command
struct goenv {
	char *go;  // path of the go command
	char *dir; // its working directory: that of rcgo, or that of -C
	char *goroot, *version, *goos, *goarch, *gohostos, *gohostarch;
	char *cgo_enabled, *cc, *cgo_cflags, *cgo_cppflags, *goflags, *gotoolchain, *gocache,
		*goenv_file, *gomodcache;
	char *cgo_dir; // GOROOT/src/runtime/cgo, spelled as the go command spells it
	bool renamed;  // goroot is a path in our cache, see goroot.c
	int minor;     // 22 for go1.22.1; -1 if unknown
};
struct problem *goenv_find(struct goenv *e, const char *dir);
struct problem *goenv_ask(struct goenv *e, const char *dir);
void goenv_load(struct goenv *e, const char *dir);

// sysroot.c
struct problem *problem_sysroot(const struct goenv *e);
bool sysroot_use(const struct goenv *e);

// compiler.c: the current C compiler
struct strings compiler_words(const char *cc);
const char *compiler_debug_flags(const struct goenv *e);
const char *compiler_advice(const struct goenv *e);
const char *compiler_for_other_cpu(const struct goenv *e);

// check.c: conditions of a build. A problem ends rcgo; a doubt is a warning.
struct problem *problem_version(const struct goenv *e);
struct problem *problem_platform(const struct goenv *e);
struct problem *problem_goroot(const struct goenv *e);
struct problem *problem_cgo(const struct goenv *e);
struct problem *doubt_version(const struct goenv *e);
struct problem *doubt_names(const struct goenv *e);
bool env_file_sets(const char *path, const char *name);
void check_overlay(const struct goenv *e);
void check_build(const struct goenv *e);
bool overlay_possible(const struct goenv *e);

// features.c: --with= and --without=
enum { FEATURES = 6 };
enum feature_choice { FEATURE_UNSAID, FEATURE_WITH, FEATURE_WITHOUT };
struct features {
	enum feature_choice at[FEATURES];
};
int features_flag(struct features *f, const char *command, char *const *words);
struct features features_own_flags(int *argc, char **argv);
struct features features_over(struct features base, struct features f);
struct features features_of_system(const struct goenv *e, struct features f);
struct features features_from_lists(const char *with, const char *without);
char *features_list(struct features f, enum feature_choice choice);
char *features_in_force(struct features f);
char *features_cflags(struct features f);
bool features_traceback(struct features f);
bool features_signals(struct features f);
bool features_syscall(struct features f);
bool features_heap(struct features f);

// goflags.c: the user's flags, in GOFLAGS and on the command line
struct goflags {
	char *rest;	// GOFLAGS without -overlay, otherwise unchanged
	char *overlay;	// the value of the last -overlay, or NULL
	char *asmflags; // the last -asmflags for runtime/cgo, without the pattern, or NULL
	char *gcflags;	// the last -gcflags, likewise
};
struct goflags goflags_split(const char *goflags, int minor);
bool goflags_can_hold(const char *path, int minor);
char *goflags_with_overlay(const char *rest, const char *path);
struct overlay;
char *goflags_with_ours(const struct goflags *user, const struct overlay *o, const struct goenv *e);

struct cmdline {
	const char *command;
	char *dir;     // value of -C, or NULL
	char *overlay; // value of -overlay, or NULL
	struct features features;
	struct strings args;  // the arguments for go: the subcommand and all others
	size_t command_words; // how many of the first of these are the subcommand and -C
};
struct cmdline cmdline_scan(char **argv);

// payload.c: our C sources, embedded in the binary
struct payload_file {
	const char *name;
	const unsigned char *data, *end;
};
extern const struct payload_file payload[];
extern const size_t payload_count;
extern const char rcgo_version[];	    // cmd_version.c
extern const char payload_hash[];	    // hash of our sources
extern const struct payload_file preload[]; // the library of rcgo heap run
extern const size_t preload_count;
extern const struct payload_file module_files[]; // the Go module of rcgo init; names have ! for /
extern const size_t module_count;
extern const char module_files_hash[];

// module_install installs the module files in dir, below root. A file that a user has changed is
// renamed to NAME.edited. A file that an older rcgo installed and that is no longer embedded is
// removed. module_remove removes all files except those that a user has changed.
void module_install(const char *root, const char *dir);
void module_remove(const char *root, const char *dir);
bool payload_is_source(const struct payload_file *f);
char *payload_text(const struct payload_file *f);
char *payload_symbols(void);

// cache.c: the directories where rcgo may store files
struct cache {
	char *dir;   // the usable directory
	char *why;   // why the first choice was rejected; NULL if it was not
	char *first; // the first choice; NULL if there is none
};
struct cache cache_open(void);
struct problem *cache_problem(void);
char *cache_dir_wanted(void);
char *cache_dir_private(bool plain);
char *cache_try(const char *dir, bool chosen);
void cache_use_private(struct cache *c, bool plain);
_Noreturn void cache_none(const struct cache *c, const char *second, const char *why2);

// cache_put.c: the files that rcgo stores in the cache
char *cache_put_payload(struct cache *c);
char *cache_put_patched(const char *src, const char *name, const char *text, size_t size);
char *cache_put_preload(struct cache *c, const char *name, const void *data, size_t size);
char *cache_put_goroot(struct cache *c, const char *name, const char *goroot);
char *cache_put_overlay(struct cache *c, const char *text, size_t size, int minor);

// goroot_farm.c
int goroot_farm(const char *path, const char *goroot);

// goroot.c: gives a GOROOT in the module cache another path, because the go command rejects
// overlays of paths in the module cache
bool goroot_in_module_cache(const struct goenv *e);
bool goroot_is_set(const struct goenv *e);
bool goroot_rename(struct goenv *e, struct cache *c);
void goroot_follow_switch(struct goenv *e);

// patch_*.c: copies of files of GOROOT with additions of ours
bool patch_is_flags(const char *name);
char *patch_cflags(const struct goenv *e, struct features f);
char *patch_syscall_key(const struct goenv *e);
char *patch_syscall(const struct goenv *e, const char *src);
char *patch_flags(const struct goenv *e, const char *lines, size_t *size);
char *patch_flags_file(const char *lines, size_t *size);
char *append_target(const struct goenv *e, const char *name);
char *append_file(const char *target, const char *ours);
char *patch_undo_flag(const char *target, const char *text);

// build_lines.c: what a build tells our C sources
char *build_lines(const struct goenv *e, struct features f);

// json.c: strings in JSON objects
void json_set_text(json_t *object, const char *key, const char *value);
char *json_get_text(const json_t *object, const char *key);
json_t *json_get_nocase(json_t *object, const char *key);

// overlay.c: the JSON file that overlays our files on runtime/cgo
struct overlay {
	json_t *json;
	char *text;
	size_t size;
	char *path;	    // path of the file in the cache, set by overlay_store
	bool checks_goroot; // a go command with another GOROOT fails (patch_undo_flag)
};
struct overlay overlay_make(
	const struct goenv *e, const char *user, struct features f, struct cache *c);
void overlay_store(struct overlay *o, const struct goenv *e, struct cache *c);

// overlay_user.c: the user's own overlay
// Our overlays record the user's own overlay under this key, which the go command ignores. An rcgo
// that runs below another one, or after `eval "$(rcgo env)"`, starts from that record.
#define OVERLAY_OWN_KEY "rcgo"
struct user_overlay {
	bool ours; // whether it is an overlay of ours
	char *goroot, *go,
		*payload; // if ours: what it was made for and from; NULL if its file is gone
	char *original;	  // path of the user's own file; NULL if an overlay of ours has none
	json_t *entries;  // its "Replace" object, with absolute paths
	struct features features; // the features of an overlay of ours
};
struct problem *overlay_user(const struct goenv *e, const char *path, struct user_overlay *u);

// session_record.c: the variables that an outer rcgo has set, and their restoration
// GOFLAGS contains -overlay, and flags that stop another Go from building without it. GOROOT is set
// only if the user sets it to a directory in the module cache (goroot.c). This variable records the
// old and the new values of both.
#define SESSION_VARIABLE "RCGO_ENV"
void session_leave(void);
bool session_is_on(void);
const char *session_outer(const char *name);
const char *session_was(const char *name);
void session_read_record(const json_t *record, struct user_overlay *u);
bool session_overlay(const char *path, struct user_overlay *u);
void set_variable(const char *name, const char *value);

// session.c: the environment for go commands below rcgo
struct session {
	// The old values, our values, and all variables to set, by name.
	json_t *was, *set, *variables;
};
struct session session_make(
	const struct goenv *e, const char *goflags, const char *bin, const struct overlay *o);
void session_enter(const struct session *s);
void session_forget(const struct goenv *e);
char *session_users_goflags(const struct goenv *e);

// shim.c: a link named go to rcgo
int shim_put(const char *dir);
char *shim_dir(const struct cache *c);
char *shim_path(const char *dir, bool with);

// env_format.c: variables in the syntax of a shell or a tool
bool env_print(json_t *variables, const char *format);
char *env_formats(void);

// contract.c: the symbols that Go imports, and those that we supply
struct contract_name {
	char *name, *kind, *part, *versions, *by;
	bool imported, supplied;
};
struct contract {
	struct contract_name *at;
	size_t n;
	size_t imported, missing;
};
bool contract_load(const struct goenv *e, struct contract *c, char **why);

// run_go.c and cmd_*.c: the subcommands that main selects from
int run_go(char **argv);
_Noreturn void run_go_plain(char **argv);
int cmd_abi(int argc, char **argv);
int cmd_addr2line(int argc, char **argv);
int cmd_doctor(int argc, char **argv);
int cmd_env(int argc, char **argv);
bool env_is_gos(char *const *words);
int cmd_help(int argc, char **argv);
bool help_is_gos(char *const *words);
int cmd_heap(int argc, char **argv);
int cmd_init(int argc, char **argv);
int cmd_leaf(int argc, char **argv);
int cmd_shim(int argc, char **argv);
int cmd_overlay(int argc, char **argv);
int cmd_record(int argc, char **argv);
int cmd_stack(int argc, char **argv);
int cmd_symbolize(int argc, char **argv);
int cmd_top(int argc, char **argv);
int cmd_version(int argc, char **argv);
bool version_is_gos(char *const *words);
void help_short(void *stream);
#endif
