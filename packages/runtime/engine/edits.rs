//! What the build changes in the engine's sources as it compiles them: each fault with its cure.
//!
//! `from` is as much of the engine's text as finds the place, and is there exactly `times` times; a newer engine
//! that has another text there ends the build. What is put there is ours, and calls the C of `src/*.h`. Faults
//! of QuickJS-ng that are not mended are in the README of `@uk/runtime`.

/// One place, or several that are alike.
pub struct Edit {
    /// File of the engine.
    pub file: &'static str,
    /// What is wrong without it, with the engine's issue where there is one.
    pub why: &'static str,
    pub from: &'static str,
    pub to: &'static str,
    pub times: usize,
}

const fn edit(why: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file: "quickjs.c", why, from, to, times: 1 }
}

const fn regexp(file: &'static str, from: &'static str, to: &'static str) -> Edit {
    let why = "quickjs-ng/quickjs#1591: with named groups, 256 alternatives at most";
    Edit { file, why, from, to, times: 1 }
}

const fn edits(times: usize, why: &'static str, from: &'static str, to: &'static str) -> Edit {
    Edit { file: "quickjs.c", why, from, to, times }
}

const HASHES: &str = "quickjs-ng/quickjs#205: keys of Map, Set and objects that collide at will; small integers in Map and Set do";
const STATICS: &str = "what the engine changes is in one place";
const STACK: &str =
    "stack is V8's: an own property that begins with name and message, which loggers and formatters expect";
const MEMORY: &str = "out of memory is an InternalError, whatever call of the engine failed";
const CLEANUP: &str =
    "a FinalizationRegistry that registers again in its callback keeps all tasks from running";
const NUMBERS: &str =
    "bellard/quickjs#449: a digit too many; literals of more than 19 digits are rounded twice";
const CYCLES: &str = "JSON.stringify compares each object with all that it is in: quadratic in the depth";

pub const EDITS: &[Edit] = &[
    edit(
        "tests see each allocation",
        "#if defined(__SANITIZE_ADDRESS__) || ",
        "#if defined(UK_NO_ARENAS) || defined(__SANITIZE_ADDRESS__) || ",
    ),
    // Statics: src/state.h.
    edit(
        STATICS,
        "static js_once_t js_atomics_once = JS_ONCE_INIT;\nstatic js_mutex_t js_atomics_mutex;\nstatic struct list_head js_atomics_waiter_list =\n    LIST_HEAD_INIT(js_atomics_waiter_list);\n",
        "#define js_atomics_once uk_state.atomics_once\n#define js_atomics_mutex uk_state.atomics_mutex\n#define js_atomics_waiter_list uk_state.atomics_waiters\n",
    ),
    edit(
        STATICS,
        "    js_mutex_init(&js_atomics_mutex);\n",
        "    js_mutex_init(&js_atomics_mutex);\n    init_list_head(&js_atomics_waiter_list);\n",
    ),
    edit(
        STATICS,
        "static JSWeakRefData js_weakref_sentinel;",
        "static const JSWeakRefData js_weakref_sentinel;",
    ),
    edit(STATICS, "(wrd->obj, &js_weakref_sentinel)", "(wrd->obj, (void *)&js_weakref_sentinel)"),
    // Hashes: src/hash.h.
    edit(
        HASHES,
        "static inline uint32_t hash_string8(",
        "#include \"mends.h\"\nstatic inline uint32_t upstream_hash_string8(",
    ),
    edit(HASHES, "static inline uint32_t hash_string16(", "static inline uint32_t upstream_hash_string16("),
    edit(HASHES, "static uint32_t hash_string(", "static uint32_t upstream_hash_string("),
    edit(HASHES, "static uint32_t hash_string_rope(", "static uint32_t upstream_hash_string_rope("),
    edit(
        HASHES,
        "h = hash_string(JS_VALUE_GET_STRING(key), 0);",
        "h = uk_hash_text(JS_VALUE_GET_STRING(key));",
    ),
    edit(
        HASHES,
        "h = hash_string_rope(key, 0);",
        "h = hash_string_rope(key, JS_ATOM_TYPE_STRING) & JS_ATOM_HASH_MASK;",
    ),
    edit(
        HASHES,
        "h = (uintptr_t)JS_VALUE_GET_PTR(key) * 3163;",
        "h = uk_hash_number((uintptr_t)JS_VALUE_GET_PTR(key));",
    ),
    edit(HASHES, "h = (u.u32[0] ^ u.u32[1]) * 3163;", "h = uk_hash_double(d);"),
    edit(
        HASHES,
        "d = JS_VALUE_GET_INT(key);\n        goto hash_float64;",
        "h = uk_hash_number((uint32_t)JS_VALUE_GET_INT(key));\n        break;",
    ),
    edit(HASHES, "    hash_float64:\n", ""),
    edit(
        "bigints beyond 2^53 share their hash with a thousand neighbours",
        "d = JS_VALUE_GET_SHORT_BIG_INT(key);\n        goto hash_float64;",
        "h = uk_hash_number(JS_VALUE_GET_SHORT_BIG_INT(key));\n        break;",
    ),
    edit(
        "quickjs-ng/quickjs#1716: a Map of one realm is not read by another; a string in pieces has another hash",
        "return h ^ ctx->hash_seed ^ hash32(tag);",
        "return h;",
    ),
    edit(HASHES, "return hash_uintptr(atom) >> shift;", "return uk_hash_atom(atom, shift);"),
    edit(HASHES, "((uintptr_t)p * 3163) & (hash_size - 1)", "uk_hash_number((uintptr_t)p) & (hash_size - 1)"),
    edit(HASHES, "h = e->atom & (po->hash_size - 1);", "h = uk_hash_number(e->atom) & (po->hash_size - 1);"),
    edits(2, HASHES, "h = key & (po->hash_size - 1);", "h = uk_hash_number(key) & (po->hash_size - 1);"),
    // Errors: src/errors.h.
    edit(
        STACK,
        "    case JS_BUILTIN_ARRAY_FROMASYNC:\n",
        "    case UK_ERROR_STACK:\n        return uk_error_stack(ctx, p);\n    case JS_BUILTIN_ARRAY_FROMASYNC:\n",
    ),
    edit(
        STACK,
        "    if (JS_IsUndefined(ctx->error_back_trace))\n",
        "    if (has_filter_func || can_store_error_stack(error_obj) || can_add_backtrace(error_obj))\n        uk_store_stack(ctx, JS_VALUE_GET_OBJ(error_obj), js_dup(stack), has_prepare);\n    if (JS_IsUndefined(ctx->error_back_trace))\n",
    ),
    edit(STACK, "    if (has_filter_func) {\n        /* Error", "    if (false) {\n        /* Error"),
    edit(STACK, "    JS_CGETSET_DEF(\"stack\", js_error_get_stack, js_error_set_stack ),\n", ""),
    edit(
        STACK,
        "} JSDOMExceptionData;\n",
        "} JSDOMExceptionData;\n#include \"errors.h\"\n#include \"jobs.h\"\n#include \"keys.h\"\n",
    ),
    edit(
        MEMORY,
        "    val = rt->current_exception;\n",
        "    uk_ensure_thrown(ctx);\n    val = rt->current_exception;\n",
    ),
    edits(2, MEMORY, "saved_exception = JS_GetException(ctx);", "saved_exception = uk_take_exception(ctx);"),
    edit(
        MEMORY,
        "    if (needs_backtrace(rt->current_exception)\n",
        "    uk_ensure_thrown(ctx);\n    if (needs_backtrace(rt->current_exception)\n",
    ),
    edit(
        MEMORY,
        "throw JS_NULL to avoid recursing */\n        obj = JS_NULL;",
        "throw one that is there */\n        obj = uk_no_memory_for_error(ctx);",
    ),
    edit(
        MEMORY,
        "        JS_ThrowSyntaxError(ctx, \"%s\", error_msg);\n",
        "        if (!strcmp(error_msg, \"out of memory\"))\n            return JS_ThrowOutOfMemory(ctx);\n        JS_ThrowSyntaxError(ctx, \"%s\", error_msg);\n",
    ),
    edits(
        2,
        MEMORY,
        "JS_ThrowInternalError(ctx, \"out of memory in regexp execution\");",
        "JS_ThrowOutOfMemory(ctx);",
    ),
    // Compilers of programs and of regular expressions write into buffers without a look at whether there is room.
    edit(MEMORY, "dbuf_init2(s, ctx, js_dbuf_realloc);", "dbuf_init2(s, ctx, uk_buffer_realloc);"),
    edit(
        MEMORY,
        "static void *js_dbuf_realloc(",
        "#include \"state.h\"\n#include \"memory.h\"\nstatic void *upstream_dbuf_realloc(",
    ),
    // Where the engine looks at whether memory is gone: src/memory.h.
    edit(
        MEMORY,
        "    js_trigger_gc(ctx->rt, sizeof(JSObject));\n    p = js_malloc(ctx, sizeof(JSObject));",
        "    if (uk_state.undisturbed == 0)\n        js_trigger_gc(ctx->rt, sizeof(JSObject));\n    p = uk_check_memory(ctx) < 0 ? NULL : js_malloc(ctx, sizeof(JSObject));",
    ),
    edit(
        MEMORY,
        "    p = js_alloc_string_rt(ctx->rt, max_len, is_wide_char);\n    if (unlikely(!p)) {\n",
        "    if (uk_check_memory_late(ctx) < 0)\n        return NULL;\n    p = js_alloc_string_rt(ctx->rt, max_len, is_wide_char);\n    if (unlikely(!p)) {\n",
    ),
    edit(
        MEMORY,
        "    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;\n    if (rt->interrupt_handler) {",
        "    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;\n    if (uk_check_memory(ctx) < 0)\n        return -1;\n    if (rt->interrupt_handler) {",
    ),
    edit(
        MEMORY,
        "sizeof(arg_buf[0]) * arg_count))\n        return JS_ThrowStackOverflow(ctx);\n\n    prev_sf = rt->current_stack_frame;",
        "sizeof(arg_buf[0]) * arg_count))\n        return JS_ThrowStackOverflow(ctx);\n    if (uk_check_memory(ctx) < 0)\n        return JS_EXCEPTION;\n    prev_sf = rt->current_stack_frame;",
    ),
    edit(
        MEMORY,
        "    val = func(realm, p, prop, pr->u.init.opaque);\n",
        "    uk_state.undisturbed++;\n    val = func(realm, p, prop, pr->u.init.opaque);\n    uk_state.undisturbed--;\n",
    ),
    edit(
        MEMORY,
        "    err = js_parse_program(s);\n",
        "    uk_state.undisturbed++;\n    err = js_parse_program(s);\n    uk_state.undisturbed--;\n",
    ),
    edit(
        MEMORY,
        "    fun_obj = js_create_function(ctx, fd);\n",
        "    uk_state.undisturbed++;\n    fun_obj = js_create_function(ctx, fd);\n    uk_state.undisturbed--;\n",
    ),
    // What should have been called was never made.
    edit(
        MEMORY,
        "return JS_ThrowTypeErrorNotAFunction(caller_ctx);",
        "return JS_IsException(func_obj) ? JS_EXCEPTION : JS_ThrowTypeErrorNotAFunction(caller_ctx);",
    ),
    edit(MEMORY, "static void build_backtrace(", "static void upstream_build_backtrace("),
    edit(MEMORY, "static JSValue JS_MakeError2(", "static JSValue upstream_MakeError2("),
    edit(
        "a bound function that is only half made is freed as if it were whole",
        "    JS_FreeValueRT(rt, bf->func_obj);\n",
        "    if (bf == NULL)\n        return;\n    JS_FreeValueRT(rt, bf->func_obj);\n",
    ),
    // A promise whose reaction is lost waits for ever.
    edits(
        2,
        MEMORY,
        "        JS_EnqueueJob(ctx, promise_reaction_job, 5, args);",
        "        if (JS_EnqueueJob(ctx, promise_reaction_job, 5, args) < 0)\n            uk_out_of_memory();",
    ),
    edit(
        MEMORY,
        "        JS_EnqueueJob(ctx, js_promise_resolve_thenable_job, 3, args);",
        "        if (JS_EnqueueJob(ctx, js_promise_resolve_thenable_job, 3, args) < 0)\n            uk_out_of_memory();",
    ),
    edit(
        MEMORY,
        "    JS_EnqueueJob(ctx, js_dynamic_import_job, 5, vc(args));",
        "    if (JS_EnqueueJob(ctx, js_dynamic_import_job, 5, vc(args)) < 0)\n        uk_out_of_memory();",
    ),
    // Jobs: src/jobs.h.
    edit(
        CLEANUP,
        "JS_EnqueueJob(fre->ctx, js_finrec_job, 2, args);",
        "uk_enqueue_cleanup(fre->ctx, js_finrec_job, 2, args);",
    ),
    // Numbers: src/numbers.rs.
    edit(
        NUMBERS,
        "    len = js_dtoa(buf, d, radix, n_digits, flags, &dtoa_mem);",
        "    if (radix == 10 && d != 0 && isfinite(d) && !(flags & (JS_DTOA_FORMAT_MASK | JS_DTOA_EXP_MASK)))\n        len = uk_print_shortest(d, buf);\n    else\n        len = js_dtoa(buf, d, radix, n_digits, flags, &dtoa_mem);",
    ),
    edit(
        NUMBERS,
        "            d = js_atod(buf, NULL, radix, is_float ? 0 : JS_ATOD_INT_ONLY,\n",
        "            d = radix == 10 ? uk_parse_decimal(buf, j)\n                : js_atod(buf, NULL, radix, is_float ? 0 : JS_ATOD_INT_ONLY,\n",
    ),
    edit(
        "a whole number in JSON is a double to the engine, slower wherever it is used; strtod looks for the end of the document",
        "js_float64(strtod((const char *)p_start, NULL))",
        "js_number(uk_parse_decimal((const char *)p_start, p - p_start))",
    ),
    // Built-in functions.
    edit(
        "timeOrigin is a moment on the monotonic clock, not in time",
        "js_float64(ctx->time_origin),",
        "js_float64(js__gettimeofday_us() / 1e3),",
    ),
    edit(
        "an element that keeps its place is not written, though the comparison has taken it away",
        "        if (array[n].pos == n) {\n",
        "        if (false) {\n",
    ),
    edit(
        CYCLES,
        "        v = js_array_includes(ctx, jsc->stack, 1, vc(&val));\n",
        "        /* An object without the mark is in no stringification that is under way. */\n        v = p->tmp_mark ? js_array_includes(ctx, jsc->stack, 1, vc(&val)) : JS_FALSE;\n",
    ),
    edit(
        CYCLES,
        "        v = js_array_push(ctx, jsc->stack, 1, vc(&val), 0);\n",
        "        uk_marked = p->tmp_mark ? NULL : p;\n        p->tmp_mark = 1;\n        v = js_array_push(ctx, jsc->stack, 1, vc(&val), 0);\n",
    ),
    edit(CYCLES, "    bool has_content;\n", "    bool has_content;\n    JSObject *uk_marked = NULL;\n"),
    edit(
        CYCLES,
        "        if (check_exception_free(ctx, js_array_pop(ctx, jsc->stack",
        "        if (uk_marked)\n            uk_marked->tmp_mark = 0;\n        uk_marked = NULL;\n        if (check_exception_free(ctx, js_array_pop(ctx, jsc->stack",
    ),
    edit(
        CYCLES,
        "exception:\n    JS_FreeValue(ctx, val);\n    JS_FreeValue(ctx, tab);\n",
        "exception:\n    if (uk_marked)\n        uk_marked->tmp_mark = 0;\n    JS_FreeValue(ctx, val);\n    JS_FreeValue(ctx, tab);\n",
    ),
    // Regular expressions: which alternative a named group is in was a byte.
    regexp("libregexp.h", "#define LRE_GROUP_NAME_TRAILER_LEN 2", "#define LRE_GROUP_NAME_TRAILER_LEN 5"),
    regexp("libregexp.c", "#define GROUP_NAME_SCOPE_MAX 255", "#define GROUP_NAME_SCOPE_MAX INT32_MAX"),
    regexp("libregexp.c", "    uint8_t group_name_scope;", "    uint32_t group_name_scope;"),
    regexp("libregexp.c", "scope1 = (uint8_t)p[len + 1];", "scope1 = get_u32((const uint8_t *)p + len + 1);"),
    regexp(
        "libregexp.c",
        "dbuf_putc(&s->group_names, s->group_name_scope);",
        "dbuf_put_u32(&s->group_names, s->group_name_scope);",
    ),
    regexp(
        "libregexp.c",
        "dbuf_putc(&s->group_names, 0);\n            dbuf_putc(&s->group_names, 0);",
        "dbuf_putc(&s->group_names, 0);\n            dbuf_put_u32(&s->group_names, 0);",
    ),
];
