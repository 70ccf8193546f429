//! What the build changes in the engine's sources as it compiles them: each fault with its cure.
//!
//! An edit's `from` is as much of the engine's text as finds the place, and is there exactly `times` times; a newer
//! engine that has another text there ends the build. What is put there is ours, and calls the C of `src/*.h`. What of
//! the engine is not as the standard has it, and not mended, is in `tests/test262/expected-failures.txt`.

/// A cure: edits of one file.
pub struct Mend {
    pub file: &'static str,
    /// What is wrong without it, with the engine's issue where there is one.
    pub why: &'static str,
    pub edits: Vec<Edit>,
}

/// One place, or several that are alike.
pub struct Edit {
    pub from: &'static str,
    pub to: String,
    pub times: usize,
}

impl Edit {
    fn times(self, times: usize) -> Self {
        Self { times, ..self }
    }
}

fn mend<const N: usize>(why: &'static str, edits: [Edit; N]) -> Mend {
    Mend { file: "quickjs.c", why, edits: edits.into() }
}

fn replace(from: &'static str, to: &str) -> Edit {
    Edit { from, to: to.to_owned(), times: 1 }
}

fn before(place: &'static str, text: &str) -> Edit {
    replace(place, &format!("{text}{place}"))
}

fn after(place: &'static str, text: &str) -> Edit {
    replace(place, &format!("{place}{text}"))
}

/// Nothing is thrown in there, and no garbage collected: src/memory.h.
fn undisturbed(line: &'static str) -> Edit {
    replace(line, &format!("    uk_state.undisturbed++;\n{line}    uk_state.undisturbed--;\n"))
}

/// Leaves the name of a function to one of ours; the engine's begins with `upstream_`.
fn upstream(head: &'static str) -> Edit {
    let (before, name) = head.rsplit_once(' ').expect("a type and a name");
    replace(head, &format!("{before} upstream_{name}"))
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
const REGEXP: &str = "quickjs-ng/quickjs#1591: with named groups, 256 alternatives at most";

pub fn mends() -> Vec<Mend> {
    vec![
        mend("tests see each allocation", [
            replace("#if defined(__SANITIZE_ADDRESS__) || ", "#if defined(UK_NO_ARENAS) || defined(__SANITIZE_ADDRESS__) || "),
        ]),
        // Statics: src/state.h.
        mend(STATICS, [
            replace("static js_once_t js_atomics_once = JS_ONCE_INIT;\nstatic js_mutex_t js_atomics_mutex;\nstatic struct list_head js_atomics_waiter_list =\n    LIST_HEAD_INIT(js_atomics_waiter_list);\n", "#define js_atomics_once uk_state.atomics_once\n#define js_atomics_mutex uk_state.atomics_mutex\n#define js_atomics_waiter_list uk_state.atomics_waiters\n"),
            after("    js_mutex_init(&js_atomics_mutex);\n", "    init_list_head(&js_atomics_waiter_list);\n"),
            replace("static JSWeakRefData js_weakref_sentinel;", "static const JSWeakRefData js_weakref_sentinel;"),
            replace("(wrd->obj, &js_weakref_sentinel)", "(wrd->obj, (void *)&js_weakref_sentinel)"),
        ]),
        // Hashes: src/hash.h.
        mend(HASHES, [
            replace("static inline uint32_t hash_string8(", "#include \"mends.h\"\nstatic inline uint32_t upstream_hash_string8("),
            upstream("static inline uint32_t hash_string16("),
            upstream("static uint32_t hash_string("),
            upstream("static uint32_t hash_string_rope("),
            replace("h = hash_string(JS_VALUE_GET_STRING(key), 0);", "h = uk_hash_text(JS_VALUE_GET_STRING(key));"),
            replace("h = hash_string_rope(key, 0);", "h = hash_string_rope(key, JS_ATOM_TYPE_STRING) & JS_ATOM_HASH_MASK;"),
            replace("h = (uintptr_t)JS_VALUE_GET_PTR(key) * 3163;", "h = uk_hash_number((uintptr_t)JS_VALUE_GET_PTR(key));"),
            replace("h = (u.u32[0] ^ u.u32[1]) * 3163;", "h = uk_hash_double(d);"),
            replace("d = JS_VALUE_GET_INT(key);\n        goto hash_float64;", "h = uk_hash_number((uint32_t)JS_VALUE_GET_INT(key));\n        break;"),
            replace("    hash_float64:\n", ""),
        ]),
        mend("bigints beyond 2^53 share their hash with a thousand neighbours", [
            replace("d = JS_VALUE_GET_SHORT_BIG_INT(key);\n        goto hash_float64;", "h = uk_hash_number(JS_VALUE_GET_SHORT_BIG_INT(key));\n        break;"),
        ]),
        mend("quickjs-ng/quickjs#1716: a Map of one realm is not read by another; a string in pieces has another hash", [
            replace("return h ^ ctx->hash_seed ^ hash32(tag);", "return h;"),
        ]),
        mend(HASHES, [
            replace("return hash_uintptr(atom) >> shift;", "return uk_hash_atom(atom, shift);"),
            replace("((uintptr_t)p * 3163) & (hash_size - 1)", "uk_hash_number((uintptr_t)p) & (hash_size - 1)"),
            replace("h = e->atom & (po->hash_size - 1);", "h = uk_hash_number(e->atom) & (po->hash_size - 1);"),
            replace("h = key & (po->hash_size - 1);", "h = uk_hash_number(key) & (po->hash_size - 1);").times(2),
        ]),
        // Errors: src/errors.h.
        mend(STACK, [
            before("    case JS_BUILTIN_ARRAY_FROMASYNC:\n", "    case UK_ERROR_STACK:\n        return uk_error_stack(ctx, p);\n"),
            before("    if (JS_IsUndefined(ctx->error_back_trace))\n", "    if (has_filter_func || can_store_error_stack(error_obj) || can_add_backtrace(error_obj))\n        uk_store_stack(ctx, JS_VALUE_GET_OBJ(error_obj), js_dup(stack), has_prepare);\n"),
            replace("    if (has_filter_func) {\n        /* Error", "    if (false) {\n        /* Error"),
            replace("    JS_CGETSET_DEF(\"stack\", js_error_get_stack, js_error_set_stack ),\n", ""),
            after("} JSDOMExceptionData;\n", "#include \"errors.h\"\n#include \"jobs.h\"\n#include \"keys.h\"\n"),
        ]),
        mend(MEMORY, [
            before("    val = rt->current_exception;\n", "    uk_ensure_thrown(ctx);\n"),
            replace("saved_exception = JS_GetException(ctx);", "saved_exception = uk_take_exception(ctx);").times(2),
            before("    if (needs_backtrace(rt->current_exception)\n", "    uk_ensure_thrown(ctx);\n"),
            replace("throw JS_NULL to avoid recursing */\n        obj = JS_NULL;", "throw one that is there */\n        obj = uk_no_memory_for_error(ctx);"),
            before("        JS_ThrowSyntaxError(ctx, \"%s\", error_msg);\n", "        if (!strcmp(error_msg, \"out of memory\"))\n            return JS_ThrowOutOfMemory(ctx);\n"),
            replace("JS_ThrowInternalError(ctx, \"out of memory in regexp execution\");", "JS_ThrowOutOfMemory(ctx);").times(2),
            // Compilers of programs and of regular expressions write into buffers without a look at whether there is room.
            replace("dbuf_init2(s, ctx, js_dbuf_realloc);", "dbuf_init2(s, ctx, uk_buffer_realloc);"),
            replace("static void *js_dbuf_realloc(", "#include \"state.h\"\n#include \"memory.h\"\nstatic void *upstream_dbuf_realloc("),
            // Where the engine looks at whether memory is gone: src/memory.h.
            replace("    js_trigger_gc(ctx->rt, sizeof(JSObject));\n    p = js_malloc(ctx, sizeof(JSObject));", "    if (uk_state.undisturbed == 0)\n        js_trigger_gc(ctx->rt, sizeof(JSObject));\n    p = uk_check_memory(ctx) < 0 ? NULL : js_malloc(ctx, sizeof(JSObject));"),
            before("    p = js_alloc_string_rt(ctx->rt, max_len, is_wide_char);\n    if (unlikely(!p)) {\n", "    if (uk_check_memory_late(ctx) < 0)\n        return NULL;\n"),
            replace("    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;\n    if (rt->interrupt_handler) {", "    ctx->interrupt_counter = JS_INTERRUPT_COUNTER_INIT;\n    if (uk_check_memory(ctx) < 0)\n        return -1;\n    if (rt->interrupt_handler) {"),
            replace("sizeof(arg_buf[0]) * arg_count))\n        return JS_ThrowStackOverflow(ctx);\n\n    prev_sf = rt->current_stack_frame;", "sizeof(arg_buf[0]) * arg_count))\n        return JS_ThrowStackOverflow(ctx);\n    if (uk_check_memory(ctx) < 0)\n        return JS_EXCEPTION;\n    prev_sf = rt->current_stack_frame;"),
            undisturbed("    val = func(realm, p, prop, pr->u.init.opaque);\n"),
            undisturbed("    err = js_parse_program(s);\n"),
            undisturbed("    fun_obj = js_create_function(ctx, fd);\n"),
            // What should have been called was never made.
            replace("return JS_ThrowTypeErrorNotAFunction(caller_ctx);", "return JS_IsException(func_obj) ? JS_EXCEPTION : JS_ThrowTypeErrorNotAFunction(caller_ctx);"),
            upstream("static void build_backtrace("),
            replace("static JSValue JS_MakeError2(", "static JSValue upstream_MakeError2("),
        ]),
        mend("a bound function that is only half made is freed as if it were whole", [
            before("    JS_FreeValueRT(rt, bf->func_obj);\n", "    if (bf == NULL)\n        return;\n"),
        ]),
        // A promise whose reaction is lost waits for ever.
        mend(MEMORY, [
            replace("        JS_EnqueueJob(ctx, promise_reaction_job, 5, args);", "        if (JS_EnqueueJob(ctx, promise_reaction_job, 5, args) < 0)\n            uk_out_of_memory();").times(2),
            replace("        JS_EnqueueJob(ctx, js_promise_resolve_thenable_job, 3, args);", "        if (JS_EnqueueJob(ctx, js_promise_resolve_thenable_job, 3, args) < 0)\n            uk_out_of_memory();"),
            replace("    JS_EnqueueJob(ctx, js_dynamic_import_job, 5, vc(args));", "    if (JS_EnqueueJob(ctx, js_dynamic_import_job, 5, vc(args)) < 0)\n        uk_out_of_memory();"),
        ]),
        // Jobs: src/jobs.h.
        mend(CLEANUP, [
            replace("JS_EnqueueJob(fre->ctx, js_finrec_job, 2, args);", "uk_enqueue_cleanup(fre->ctx, js_finrec_job, 2, args);"),
        ]),
        // Numbers: src/numbers.rs.
        mend(NUMBERS, [
            before("    len = js_dtoa(buf, d, radix, n_digits, flags, &dtoa_mem);", "    if (radix == 10 && d != 0 && isfinite(d) && !(flags & (JS_DTOA_FORMAT_MASK | JS_DTOA_EXP_MASK)))\n        len = uk_print_shortest(d, buf);\n    else\n    "),
            replace("            d = js_atod(buf, NULL, radix, is_float ? 0 : JS_ATOD_INT_ONLY,\n", "            d = radix == 10 ? uk_parse_decimal(buf, j)\n                : js_atod(buf, NULL, radix, is_float ? 0 : JS_ATOD_INT_ONLY,\n"),
        ]),
        mend("a whole number in JSON is a double to the engine, slower wherever it is used; strtod looks for the end of the document", [
            replace("js_float64(strtod((const char *)p_start, NULL))", "js_number(uk_parse_decimal((const char *)p_start, p - p_start))"),
        ]),
        // Built-in functions.
        mend("timeOrigin is a moment on the monotonic clock, not in time", [
            replace("js_float64(ctx->time_origin),", "js_float64(js__gettimeofday_us() / 1e3),"),
        ]),
        mend("an element that keeps its place is not written, though the comparison has taken it away", [
            replace("        if (array[n].pos == n) {\n", "        if (false) {\n"),
        ]),
        mend(CYCLES, [
            replace("        v = js_array_includes(ctx, jsc->stack, 1, vc(&val));\n", "        /* An object without the mark is in no stringification that is under way. */\n        v = p->tmp_mark ? js_array_includes(ctx, jsc->stack, 1, vc(&val)) : JS_FALSE;\n"),
            before("        v = js_array_push(ctx, jsc->stack, 1, vc(&val), 0);\n", "        uk_marked = p->tmp_mark ? NULL : p;\n        p->tmp_mark = 1;\n"),
            after("    bool has_content;\n", "    JSObject *uk_marked = NULL;\n"),
            before("        if (check_exception_free(ctx, js_array_pop(ctx, jsc->stack", "        if (uk_marked)\n            uk_marked->tmp_mark = 0;\n        uk_marked = NULL;\n"),
            replace("exception:\n    JS_FreeValue(ctx, val);\n    JS_FreeValue(ctx, tab);\n", "exception:\n    if (uk_marked)\n        uk_marked->tmp_mark = 0;\n    JS_FreeValue(ctx, val);\n    JS_FreeValue(ctx, tab);\n"),
        ]),
        // Regular expressions: which alternative a named group is in was a byte.
        Mend { file: "libregexp.h", ..mend(REGEXP, [
            replace("#define LRE_GROUP_NAME_TRAILER_LEN 2", "#define LRE_GROUP_NAME_TRAILER_LEN 5"),
        ]) },
        Mend { file: "libregexp.c", ..mend(REGEXP, [
            replace("#define GROUP_NAME_SCOPE_MAX 255", "#define GROUP_NAME_SCOPE_MAX INT32_MAX"),
            replace("    uint8_t group_name_scope;", "    uint32_t group_name_scope;"),
            replace("scope1 = (uint8_t)p[len + 1];", "scope1 = get_u32((const uint8_t *)p + len + 1);"),
            replace("dbuf_putc(&s->group_names, s->group_name_scope);", "dbuf_put_u32(&s->group_names, s->group_name_scope);"),
            replace("dbuf_putc(&s->group_names, 0);\n            dbuf_putc(&s->group_names, 0);", "dbuf_putc(&s->group_names, 0);\n            dbuf_put_u32(&s->group_names, 0);"),
        ]) },
    ]
}
