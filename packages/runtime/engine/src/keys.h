/* Keys of arrays without a list of all their indices, for whoever shows only the first. Part of quickjs.c. */

static int uk_push(JSContext *ctx, JSValue list, uint32_t *count, JSAtom atom)
{
    JSValue key = JS_AtomToValue(ctx, atom);
    if (JS_IsException(key))
        return -1;
    return JS_DefinePropertyValueUint32(ctx, list, (*count)++, key, JS_PROP_C_W_E);
}

/*
 * Own keys of an array or a typed array that are no indices: strings, then symbols. Runs no code of the program.
 */
JSValue uk_named_keys(JSContext *ctx, JSValueConst object, bool enumerable_only)
{
    JSValue list = JS_NewArray(ctx);
    uint32_t count = 0, index;
    if (JS_IsException(list) || !JS_IsObject(object))
        return list;
    JSShape *shape = JS_VALUE_GET_OBJ(object)->shape;
    for (int kind = JS_ATOM_KIND_STRING; kind <= JS_ATOM_KIND_SYMBOL; kind++) {
        for (int i = 0; i < shape->prop_count; i++) {
            JSShapeProperty *property = get_shape_prop(shape) + i;
            JSAtom atom = property->atom;
            if (atom == JS_ATOM_NULL || (enumerable_only && !(property->flags & JS_PROP_ENUMERABLE)))
                continue;
            if ((int)JS_AtomGetKind(ctx, atom) != kind || JS_AtomIsArrayIndex(ctx, &index, atom))
                continue;
            if (uk_push(ctx, list, &count, atom) < 0) {
                JS_FreeValue(ctx, list);
                return JS_EXCEPTION;
            }
        }
    }
    return list;
}

static int uk_compare_indices(const void *a, const void *b, void *opaque)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* The lowest indices, at most `limit`, at which an array has enumerable elements, as strings in ascending order. */
JSValue uk_first_indices(JSContext *ctx, JSValueConst object, uint32_t limit)
{
    JSValue list = JS_NewArray(ctx);
    uint32_t count = 0, found = 0, *indices = NULL;
    if (JS_IsException(list) || !JS_IsObject(object))
        return list;
    JSObject *p = JS_VALUE_GET_OBJ(object);
    JSShape *shape = p->shape;
    if (p->fast_array)
        found = min_uint32(p->u.array.count, limit);
    else {
        indices = js_malloc(ctx, (size_t)max_int(shape->prop_count, 1) * sizeof(*indices));
        if (indices == NULL)
            goto fail;
        for (int i = 0; i < shape->prop_count; i++) {
            JSShapeProperty *property = get_shape_prop(shape) + i;
            if (property->atom != JS_ATOM_NULL && property->flags & JS_PROP_ENUMERABLE
                && JS_AtomIsArrayIndex(ctx, &indices[found], property->atom))
                found++;
        }
        rqsort(indices, found, sizeof(*indices), uk_compare_indices, NULL);
    }
    for (uint32_t i = 0; i < found && i < limit; i++) {
        JSAtom atom = JS_NewAtomUInt32(ctx, indices == NULL ? i : indices[i]);
        int done = atom == JS_ATOM_NULL ? -1 : uk_push(ctx, list, &count, atom);
        JS_FreeAtom(ctx, atom);
        if (done < 0)
            goto fail;
    }
    js_free(ctx, indices);
    return list;
fail:
    js_free(ctx, indices);
    JS_FreeValue(ctx, list);
    return JS_EXCEPTION;
}
