/*
 * Running out of memory, at places where the engine can.
 *
 * Much of the engine goes on as if a small allocation could not fail: its compiler, objects that are only half made,
 * functions that are put together when they are first read. So none does: the allocator holds a reserve back, takes small
 * requests from it when the rest is gone, and says so (uk_set_memory_pressure). The engine looks at that where a program
 * can be interrupted, collects garbage, and throws if that did not help. Large requests fail as ever. A reserve that is
 * used up ends the program. Part of quickjs.c.
 */

/* Ends the program, unless that is a test, which has memory again. */
extern void uk_out_of_memory(void);
/* Whether the reserve is whole again, after garbage was collected, and enough beside it is free. */
extern bool uk_memory_is_back(void);

static no_inline int uk_relieve(JSContext *ctx)
{
    JS_RunGC(ctx->rt);
    bool back = uk_memory_is_back();
    uk_state.memory_pressure = 0;
    if (back)
        return 0;
    JS_ThrowOutOfMemory(ctx);
    return -1;
}

/* Where objects may be collected. -1 and an exception if memory is gone. */
static inline int uk_check_memory(JSContext *ctx)
{
    return unlikely(uk_state.memory_pressure != 0) && uk_state.undisturbed == 0 ? uk_relieve(ctx) : 0;
}

/* Where they may not: only if the next look may come too late. */
static inline int uk_check_memory_late(JSContext *ctx)
{
    if (likely(uk_state.memory_pressure < 2) || uk_state.undisturbed != 0)
        return 0;
    uk_state.memory_pressure = 0;
    JS_ThrowOutOfMemory(ctx);
    return -1;
}

/* For buffers that are written to without a look at whether there is room. */
static void *uk_buffer_realloc(void *opaque, void *block, size_t size)
{
    JSContext *ctx = opaque;
    void *moved = js_realloc_rt(ctx->rt, block, size);
    /* The refusal has set a part of the reserve free. */
    if (moved == NULL && size != 0)
        moved = js_realloc_rt(ctx->rt, block, size);
    while (moved == NULL && size != 0) {
        uk_out_of_memory();
        moved = js_realloc_rt(ctx->rt, block, size);
    }
    return moved;
}
