/*
 * `stack` of errors, as V8 has it: an own property, writable and configurable, that begins with name and message.
 *
 * The frames are kept when the error is made; the property is put together when somebody first asks for it, so
 * that a constructor may set `name` after `super()`. Part of quickjs.c.
 */

/* A string in a plain property of the object or its prototypes; runs no code of the program. */
static JSValue uk_plain_text(JSContext *ctx, JSObject *p, JSAtom name)
{
    for (; p != NULL && p->class_id != JS_CLASS_PROXY; p = p->shape->proto) {
        JSProperty *property;
        JSShapeProperty *found = find_own_property(&property, p, name);
        if (found == NULL)
            continue;
        if ((found->flags & JS_PROP_TMASK) == JS_PROP_NORMAL && JS_IsString(property->u.value))
            return JS_ToString(ctx, property->u.value);
        break;
    }
    return JS_UNDEFINED;
}

/* `name: message`, as Error.prototype.toString puts them together. */
static JSValue uk_error_head(JSContext *ctx, JSObject *p)
{
    JSValue name, message;
    if (p->class_id == JS_CLASS_DOM_EXCEPTION && p->u.opaque != NULL) {
        JSDOMExceptionData *data = p->u.opaque;
        name = js_dup(data->name);
        message = js_dup(data->message);
    } else {
        name = uk_plain_text(ctx, p, JS_ATOM_name);
        message = uk_plain_text(ctx, p, JS_ATOM_message);
    }
    if (JS_IsUndefined(name))
        name = JS_AtomToString(ctx, JS_ATOM_Error);
    if (JS_IsUndefined(message))
        message = js_empty_string(ctx->rt);
    if (JS_IsException(name) || JS_IsException(message)) {
        JS_FreeValue(ctx, name);
        JS_FreeValue(ctx, message);
        return JS_EXCEPTION;
    }
    if (!JS_IsEmptyString(name) && !JS_IsEmptyString(message))
        name = JS_ConcatString3(ctx, "", name, ": ");
    return JS_ConcatString(ctx, name, message);
}

/* Head and frames; the frames end with a line feed, as the engine makes them, and the stack does not. */
static JSValue uk_with_head(JSContext *ctx, JSObject *p, JSValueConst frames)
{
    JSValue head = uk_error_head(ctx, p);
    if (!JS_IsString(frames) || JS_IsException(head) || JS_VALUE_GET_STRING(frames)->len == 0)
        return head;
    JSString *text = JS_VALUE_GET_STRING(frames);
    JSValue trimmed = js_sub_string(ctx, text, 0, text->len - (string_get(text, text->len - 1) == '\n'));
    head = JS_ConcatString3(ctx, "", head, "\n");
    return JS_ConcatString(ctx, head, trimmed);
}

/* The first reading of an error's `stack`. */
static JSValue uk_error_stack(JSContext *ctx, JSObject *p)
{
    return uk_with_head(ctx, p, p->u.object_data);
}

/*
 * Gives `error` what build_backtrace has made, `stack`, which is consumed. `formatted` says that Error.prepareStackTrace
 * has made it, and that it is the whole property. Nothing is thrown: an error that is on its way stays the pending one.
 */
static void uk_store_stack(JSContext *ctx, JSObject *p, JSValue stack, bool formatted)
{
    JSRuntime *rt = ctx->rt;
    JSValue pending = rt->current_exception;
    JSValueConst object = JS_MKPTR(JS_TAG_OBJECT, p);
    JSProperty *property;
    JSShapeProperty *own = find_own_property(&property, p, JS_ATOM_stack);
    const int flags = JS_PROP_WRITABLE | JS_PROP_CONFIGURABLE;
    bool is_error = p->class_id == JS_CLASS_ERROR;

    rt->current_exception = JS_UNINITIALIZED;
    if (is_error) {
        JS_FreeValue(ctx, p->u.object_data);
        p->u.object_data = js_dup(stack);
    }
    if (is_error && !formatted && own == NULL) {
        if (p->extensible)
            JS_DefineAutoInitProperty(ctx, object, JS_ATOM_stack, JS_AUTOINIT_ID_BYTECODE, (void *)UK_ERROR_STACK, flags);
    } else if (formatted || !is_error || (own->flags & JS_PROP_TMASK) != JS_PROP_AUTOINIT) {
        JSValue value = formatted ? js_dup(stack) : uk_with_head(ctx, p, stack);
        if (!JS_IsException(value))
            JS_DefinePropertyValue(ctx, object, JS_ATOM_stack, value, flags);
    } /* else nobody has read it yet, and it will be made of what is kept now */
    JS_FreeValue(ctx, stack);
    JS_FreeValue(ctx, rt->current_exception);
    rt->current_exception = pending;
}

int uk_prepare_out_of_memory(JSContext *ctx)
{
    JSValue error = JS_MakeError2(ctx, JS_INTERNAL_ERROR, true, "out of memory");
    if (JS_IsException(error))
        return -1;
    uk_state.spare_error = JS_VALUE_GET_OBJ(error);
    return 0;
}

/* Thrown instead of an error for which there is no memory. */
static JSValue uk_no_memory_for_error(JSContext *ctx)
{
    return uk_state.spare_error == NULL ? JS_NULL : js_dup(JS_MKPTR(JS_TAG_OBJECT, uk_state.spare_error));
}

/* A call that failed and threw nothing had no memory. */
static void uk_ensure_thrown(JSContext *ctx)
{
    JSRuntime *rt = ctx->rt;
    if (JS_IsUninitialized(rt->current_exception))
        JS_ThrowOutOfMemory(ctx);
    if (JS_IsUninitialized(rt->current_exception))
        JS_Throw(ctx, uk_no_memory_for_error(ctx));
}

/* Whatever is pending, be it nothing. */
static JSValue uk_take_exception(JSContext *ctx)
{
    JSValue pending = ctx->rt->current_exception;
    ctx->rt->current_exception = JS_UNINITIALIZED;
    return pending;
}

/* Making an error and its stack is never itself cut short for want of memory. */
static JSValue JS_MakeError2(JSContext *ctx, JSErrorEnum error_num, bool add_backtrace, const char *message)
{
    uk_state.undisturbed++;
    JSValue error = upstream_MakeError2(ctx, error_num, add_backtrace, message);
    uk_state.undisturbed--;
    return error;
}

static void build_backtrace(JSContext *ctx, JSValueConst error_val, JSValueConst filter_func, const char *filename,
                            int line_num, int col_num, int backtrace_flags)
{
    uk_state.undisturbed++;
    upstream_build_backtrace(ctx, error_val, filter_func, filename, line_num, col_num, backtrace_flags);
    uk_state.undisturbed--;
}
