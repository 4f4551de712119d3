// SPDX-License-Identifier: BSD-3-Clause
// Stress: the calls that are single-stepped: of libc and libcrypto, including their assembly.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <fnmatch.h>
#include <iconv.h>
#include <locale.h>
#include <math.h>
#include <regex.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <wchar.h>

#include "plugin.h"
#include "step.h"

static char text[4096];

static int
compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void
run_qsort(void)
{
	const char *words[] = {"stress", "rain", "hail", "snow", "fog", "sun", "wind", "calm"};

	for (int i = 0; i < 4; i++) {
		qsort(words, 8, sizeof *words, compare);
		words[i] = "dew";
	}
}

static void
run_printf(void)
{
	snprintf(text, sizeof text, "%d %s %.17g %Lg %a %ls %m", 12345, "text", 1.0 / 3, 2.5L, 0.1,
		L"wide");
}

static void
run_scanf(void)
{
	int n;
	double d;
	char word[16];

	sscanf("17 2.5e-3 words", "%d %lf %15s", &n, &d, word);
	strtod("1.7976931348623157e308", NULL);
}

static void
run_malloc(void)
{
	void *p[64];

	for (size_t i = 0; i < 64; i++) {
		p[i] = malloc(i * i * 40 + 1);
	}
	for (size_t i = 0; i < 64; i++) {
		p[i] = realloc(p[i], i * 100 + 1);
	}
	for (size_t i = 0; i < 64; i++) {
		free(p[i]);
	}
}

static void
run_strings(void)
{
	for (size_t n = 1; n < sizeof text / 2; n = n * 3 + 1) {
		memset(text, 'x', n);
		text[n] = 0;
		memmove(text + 1, text, n);
		text[n + 1] = 0;
		if (strlen(text) + (size_t)(strchr(text, 'y') != NULL) == 0 ||
			memcmp(text, text + 1, n) == 77 || strstr(text, "xy") != NULL) {
			abort();
		}
	}
}

static void
run_regex(void)
{
	regex_t r;
	regmatch_t m[3];

	if (regcomp(&r, "([a-z]+)[0-9]{2,3}(x|y)*$", REG_EXTENDED) == 0) {
		regexec(&r, "some words and word42xyxy", 3, m, 0);
		regfree(&r);
	}
	fnmatch("*.[ch]", "file.c", 0);
}

static void
run_time(void)
{
	time_t t = 1700000000;
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(text, sizeof text, "%c %Z", &tm);
	mktime(&tm);
	clock_gettime(CLOCK_REALTIME, &(struct timespec){0, 0});
}

static void
run_jump(void)
{
	jmp_buf at;

	for (int i = 0; i < 3; i++) {
		if (setjmp(at) == 0) {
			longjmp(at, 1);
		}
	}
}

static void
run_files(void)
{
	FILE *f = fopen("/proc/self/stat", "r");
	int c = 0;

	for (int i = 0; f != NULL && i < 40 && c != EOF; i++) {
		c = fgetc(f);
	}
	if (f != NULL) {
		fclose(f);
	}
	getenv("PATH");
	setlocale(LC_ALL, "C");
}

static void
run_iconv(void)
{
	iconv_t cd = iconv_open("UTF-16", "UTF-8");
	char in[] = "text \xc3\xa4";
	char *from = in;
	char *to = text;
	size_t left = sizeof in;
	size_t room = sizeof text;

	if (cd != (iconv_t)-1) {
		iconv(cd, &from, &left, &to, &room);
		iconv_close(cd);
	}
}

static void
run_math(void)
{
	double x = 0.5;

	for (int i = 0; i < 5; i++) {
		x += sin(x) + exp(x / 3) + log(x + 1) + pow(x, 1.1) + tgamma(1 + x / 50);
		x = fmod(x, 10) + 0.1;
	}
	snprintf(text, 64, "%g", x);
}

// The library is loaded again each time, so that its calls go through the resolver.
static void
run_lazy(void)
{
	void *library = plugin_open("lazy");
	int (*calls)(const char *);

	*(void **)&calls = dlsym(library, "plugin_calls");
	calls("12");
	dlclose(library);
}

static void *crypto;

static bool
have_crypto(void)
{
	if (crypto == NULL) {
		crypto = dlopen("libcrypto.so.3", RTLD_NOW);
	}
	return crypto != NULL;
}

static void *
crypto_symbol(const char *name)
{
	void *at = dlsym(crypto, name);

	if (at == NULL) {
		abort();
	}
	return at;
}

static void
digest(const char *name)
{
	unsigned char *(*of)(const void *, size_t, unsigned char *);
	unsigned char out[64];

	*(void **)&of = crypto_symbol(name);
	memset(text, 'm', sizeof text);
	of(text, 200, out);
}

static void
run_sha(void)
{
	digest("SHA1");
	digest("SHA256");
	digest("SHA512");
}

static void
run_bignum(void)
{
	void *(*make)(void), *(*make_ctx)(void);
	int (*rand_bits)(void *, int, int, int);
	int (*mod_exp)(void *, const void *, const void *, const void *, void *);
	void *n[4], *ctx;

	*(void **)&make = crypto_symbol("BN_new");
	*(void **)&make_ctx = crypto_symbol("BN_CTX_new");
	*(void **)&rand_bits = crypto_symbol("BN_rand");
	*(void **)&mod_exp = crypto_symbol("BN_mod_exp");
	ctx = make_ctx();
	for (int i = 0; i < 4; i++) {
		n[i] = make();
		rand_bits(n[i], i == 2 ? 20 : 512, 0, 1);
	}
	mod_exp(n[0], n[1], n[2], n[3], ctx);
}

static void
run_cipher(void)
{
	void *(*make)(void);
	const void *(*kind)(void);
	int (*init)(void *, const void *, void *, const void *, const void *);
	int (*update)(void *, void *, int *, const void *, int);
	unsigned char out[1024];
	void *ctx;
	int n;

	*(void **)&make = crypto_symbol("EVP_CIPHER_CTX_new");
	*(void **)&init = crypto_symbol("EVP_EncryptInit_ex");
	*(void **)&update = crypto_symbol("EVP_EncryptUpdate");
	for (int i = 0; i < 3; i++) {
		static const char *const kinds[] = {
			"EVP_aes_256_gcm", "EVP_aes_128_cbc", "EVP_chacha20_poly1305"};

		*(void **)&kind = crypto_symbol(kinds[i]);
		ctx = make();
		init(ctx, kind(), NULL, text, text + 64);
		update(ctx, out, &n, text, 800);
	}
}

const struct step_call step_calls[] = {
	{"qsort", run_qsort, NULL},
	{"printf", run_printf, NULL},
	{"scanf", run_scanf, NULL},
	{"malloc", run_malloc, NULL},
	{"strings", run_strings, NULL},
	{"regex", run_regex, NULL},
	{"time", run_time, NULL},
	{"longjmp", run_jump, NULL},
	{"files", run_files, NULL},
	{"iconv", run_iconv, NULL},
	{"math", run_math, NULL},
	{"lazy symbols", run_lazy, NULL},
	{"libcrypto: digests", run_sha, have_crypto},
	{"libcrypto: ciphers", run_cipher, have_crypto},
	{"libcrypto: big numbers", run_bignum, have_crypto},
};
const size_t step_calls_n = sizeof step_calls / sizeof *step_calls;
