/*
 * Callbacks of FinalizationRegistry, in a queue of their own: a callback that registers a new object, which dies at
 * once, would otherwise keep the queue of promises from ever being empty. Part of quickjs.c.
 */

static void uk_enqueue_cleanup(JSContext *ctx, JSJobFunc *job, int argc, JSValueConst *argv)
{
    JSRuntime *rt = ctx->rt;
    JSValue pending = rt->current_exception;

    /* Objects die anywhere: what is thrown here is nobody's. The standard lets a callback be left out. */
    rt->current_exception = JS_UNINITIALIZED;
    if (JS_EnqueueJob(ctx, job, argc, argv) < 0) {
        JS_FreeValue(ctx, rt->current_exception);
    } else {
        struct list_head *last = rt->job_list.prev;
        if (uk_state.cleanup_jobs.next == NULL)
            init_list_head(&uk_state.cleanup_jobs);
        list_del(last);
        list_add_tail(last, &uk_state.cleanup_jobs);
    }
    rt->current_exception = pending;
}

/* Makes the oldest callback the last job of the queue that JS_ExecutePendingJob serves; false if there is none. */
bool uk_admit_cleanup(JSRuntime *rt)
{
    struct list_head *first = uk_state.cleanup_jobs.next;
    if (first == NULL || first == &uk_state.cleanup_jobs)
        return false;
    list_del(first);
    list_add_tail(first, &rt->job_list);
    return true;
}
