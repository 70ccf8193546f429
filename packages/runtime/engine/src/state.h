/*
 * All that the engine changes outside of what it allocates: one record, so that whoever keeps a guest and wakes it up
 * again has it in one piece. link/base.ld refuses a base image with any other. Part of quickjs.c.
 */
static struct {
    /* hash.h: the secret of this run, set before the first runtime is made. */
    struct {
        uint64_t sip[2];
        uint64_t numbers[2]; /* odd */
    } hash_key;
    /* memory.h: how many parts of the reserve were needed since the last error: 0, 1, 2. */
    uint32_t memory_pressure;
    /* memory.h: above 0 nothing is thrown, and no garbage collected: an error is made where objects are only half of what
     * they will be. */
    int undisturbed;
    /* errors.h: thrown where there is no memory for an error of its own. Belongs to the realm that was made first. */
    JSObject *spare_error;
    /* jobs.h: in a list of its own from the first one on; zero before. */
    struct list_head cleanup_jobs;
#ifdef CONFIG_ATOMICS
    js_once_t atomics_once;
    js_mutex_t atomics_mutex;
    struct list_head atomics_waiters; /* made with the mutex */
#endif
} uk_state;

/*
 * Sets the key for strings (SipHash-1-3) and for numbers. No runtime has been made yet: what is hashed under one key is not
 * found under another.
 */
void uk_set_hash_key(const uint64_t key[4])
{
    memcpy(&uk_state.hash_key, key, sizeof(uk_state.hash_key));
    uk_state.hash_key.numbers[0] |= 1;
    uk_state.hash_key.numbers[1] |= 1;
}

/* Says that so many parts of the reserve, of two, are in use. */
void uk_set_memory_pressure(uint32_t parts)
{
    uk_state.memory_pressure = parts;
}
