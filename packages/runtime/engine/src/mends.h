/* What the edits of edits.rs call, and what that needs early. Part of quickjs.c. */

#include "hash.h"

/* errors.h */
static JSValue JS_MakeError2(JSContext *ctx, JSErrorEnum error_num, bool add_backtrace, const char *message);
static JSValue uk_error_stack(JSContext *ctx, JSObject *p);
static void uk_store_stack(JSContext *ctx, JSObject *p, JSValue stack, bool formatted);
static JSValue uk_no_memory_for_error(JSContext *ctx);
static void uk_ensure_thrown(JSContext *ctx);
static JSValue uk_take_exception(JSContext *ctx);

/* Tells an error's stack among the properties that the engine makes when they are first read. */
enum { UK_ERROR_STACK = 1 << 16 };

static void build_backtrace(JSContext *ctx, JSValueConst error_val, JSValueConst filter_func, const char *filename,
                            int line_num, int col_num, int backtrace_flags);

/* jobs.h */
static void uk_enqueue_cleanup(JSContext *ctx, JSJobFunc *job, int argc, JSValueConst *argv);

/* numbers.rs: `text` is [-] digits [. digits] [e [+-] digits], without a terminator. */
extern double uk_parse_decimal(const char *text, size_t len);
/* numbers.rs: Number::toString of ECMA-262 of what is finite and not zero; the number of bytes written, at most 25. */
extern size_t uk_print_shortest(double number, char *to);
