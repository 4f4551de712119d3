// SPDX-License-Identifier: BSD-3-Clause
// JavaScriptCore's collector stops the threads that share its heap by a signal. Its handler takes
// the stack pointer for the end of the stack to scan; on an alternate stack it gives up and retries
// for ever. GLib has a handler for SIGCHLD.
#include <JavaScriptCore/JavaScript.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <webkit2/webkit2.h>

#include "_cgo_export.h"
#include "webkit.h"

enum {
	THREADS = 3,
	LENGTH = 4000,
	PAGE_SECONDS = 100,
};

static const char list_script[] =
	"(function () {"
	"  let list = null;"
	"  for (let i = 0; i < 4000; i++) {"
	"    list = {next: list, value: i, more: new Array(60).fill(i)};"
	"    if (i % 200 == 0 && go(i) != i + 1) { return -1; }"
	"  }"
	"  let n = 0;"
	"  for (let at = list; at; at = at.next) {"
	"    if (at.value != 3999 - n++ || at.more[59] != at.value) { return -2; }"
	"  }"
	"  return n;"
	"})()";

static const char page[] = "<p id='p'>nothing</p><script>"
			   "let sum = 0;"
			   "for (let i = 0; i < 100000; i++) { sum += i % 7; }"
			   "document.getElementById('p').textContent = sum;"
			   "window.webkit.messageHandlers.go.postMessage(sum);"
			   "</script>";
#define PAGE_SAYS 299995

static JSContextGroupRef heap;
static pthread_barrier_t round_begins, round_ends;
static WebKitWebView *view;
static int wrong, page_said;

static JSValueRef
to_go(JSContextRef context, JSObjectRef function, JSObjectRef self, size_t n,
	const JSValueRef arguments[], JSValueRef *exception)
{
	double number = n == 1 ? JSValueToNumber(context, arguments[0], exception) : -2;

	(void)function, (void)self;
	return JSValueMakeNumber(context, workInGo((int)number));
}

static void *
work(void *unused)
{
	JSGlobalContextRef context = JSGlobalContextCreateInGroup(heap, NULL);
	JSStringRef script = JSStringCreateWithUTF8CString(list_script);
	JSStringRef name = JSStringCreateWithUTF8CString("go");

	JSObjectSetProperty(context, JSContextGetGlobalObject(context), name,
		JSObjectMakeFunctionWithCallback(context, name, to_go), 0, NULL);
	for (;;) {
		JSValueRef value;

		pthread_barrier_wait(&round_begins);
		value = JSEvaluateScript(context, script, NULL, NULL, 0, NULL);
		if (value == NULL || JSValueToNumber(context, value, NULL) != LENGTH) {
			__atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
		}
		JSGarbageCollect(context);
		pthread_barrier_wait(&round_ends);
	}
	return unused;
}

static void
on_message(WebKitUserContentManager *manager, WebKitJavascriptResult *result, gpointer unused)
{
	(void)manager, (void)unused;
	page_said = workInGo(jsc_value_to_int32(webkit_javascript_result_get_js_value(result))) - 1;
}

static gboolean
on_time_up(gpointer late)
{
	*(bool *)late = true;
	return G_SOURCE_CONTINUE;
}

static int
load_page(void)
{
	bool late = false;
	guint timer = g_timeout_add_seconds(PAGE_SECONDS, on_time_up, &late);

	page_said = 0;
	webkit_web_view_load_html(view, page, NULL);
	while (page_said == 0 && !late) {
		g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
	return page_said == PAGE_SAYS ? 0 : -1;
}

int
webkit_start(void)
{
	WebKitUserContentManager *manager;
	GtkWidget *window;

	// The stress uses SIGUSR1.
	if (setenv("JSC_SIGNAL_FOR_GC", "12", 1) != 0 || !gtk_init_check(NULL, NULL)) {
		return -1;
	}
	manager = webkit_user_content_manager_new();
	g_signal_connect(manager, "script-message-received::go", G_CALLBACK(on_message), NULL);
	webkit_user_content_manager_register_script_message_handler(manager, "go");
	view = WEBKIT_WEB_VIEW(webkit_web_view_new_with_user_content_manager(manager));
	window = gtk_window_new(GTK_WINDOW_TOPLEVEL);
	gtk_container_add(GTK_CONTAINER(window), GTK_WIDGET(view));
	gtk_widget_show_all(window);

	heap = JSContextGroupCreate();
	pthread_barrier_init(&round_begins, NULL, THREADS + 1);
	pthread_barrier_init(&round_ends, NULL, THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, work, NULL) != 0) {
			return -1;
		}
	}
	return 0;
}

int
webkit_round(void)
{
	int result;

	pthread_barrier_wait(&round_begins);
	result = load_page();
	pthread_barrier_wait(&round_ends);
	return result == 0 && __atomic_load_n(&wrong, __ATOMIC_RELAXED) == 0 ? 0 : -1;
}
