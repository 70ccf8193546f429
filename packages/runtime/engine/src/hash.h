/*
 * Hashes with a secret key, for keys that a peer may have chosen: names in JSON, headers, ids.
 *
 * Strings by SipHash-1-3 (Aumasson and Bernstein), as in Rust's and Python's dictionaries. Numbers, addresses and
 * atoms by multiplication with secret numbers, of which the high bits count: two keys of an opponent who does not
 * know these meet no more often than chance has it (Dietzfelbinger et al., 1997; Thorup, 2015, section 3.3). Part
 * of quickjs.c.
 */

typedef struct {
    uint64_t v0, v1, v2, v3;
    uint64_t tail; /* bytes since the last whole word, the first one lowest */
    uint64_t count;
} UkSip;

static inline uint64_t uk_rotl(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static inline void uk_sip_round(UkSip *s)
{
    s->v0 += s->v1, s->v1 = uk_rotl(s->v1, 13) ^ s->v0, s->v0 = uk_rotl(s->v0, 32);
    s->v2 += s->v3, s->v3 = uk_rotl(s->v3, 16) ^ s->v2;
    s->v0 += s->v3, s->v3 = uk_rotl(s->v3, 21) ^ s->v0;
    s->v2 += s->v1, s->v1 = uk_rotl(s->v1, 17) ^ s->v2, s->v2 = uk_rotl(s->v2, 32);
}

static inline void uk_sip_word(UkSip *s, uint64_t word)
{
    s->v3 ^= word;
    uk_sip_round(s);
    s->v0 ^= word;
}

/* `kind` tells strings and symbols of the same text apart. */
static inline UkSip uk_sip_start(uint32_t kind)
{
    uint64_t k0 = uk_state.hash_key.sip[0] ^ kind, k1 = uk_state.hash_key.sip[1];
    return (UkSip){
        .v0 = k0 ^ 0x736f6d6570736575, .v1 = k1 ^ 0x646f72616e646f6d,
        .v2 = k0 ^ 0x6c7967656e657261, .v3 = k1 ^ 0x7465646279746573,
    };
}

static inline void uk_sip_byte(UkSip *s, uint8_t byte)
{
    s->tail |= (uint64_t)byte << (s->count & 7) * 8;
    if ((++s->count & 7) == 0) {
        uk_sip_word(s, s->tail);
        s->tail = 0;
    }
}

static inline uint32_t uk_sip_end(UkSip *s)
{
    uk_sip_word(s, s->tail | s->count << 56);
    s->v2 ^= 0xff;
    uk_sip_round(s), uk_sip_round(s), uk_sip_round(s);
    uint64_t hash = s->v0 ^ s->v1 ^ s->v2 ^ s->v3;
    return hash ^ hash >> 32;
}

uint32_t uk_hash_bytes(const uint8_t *bytes, size_t len, uint32_t kind)
{
    UkSip s = uk_sip_start(kind);
    size_t i = 0;
    for (; i + 8 <= len; i += 8) {
        uint64_t word;
        memcpy(&word, bytes + i, 8);
        uk_sip_word(&s, word);
    }
    for (s.count = i; i < len; i++)
        s.tail |= (uint64_t)bytes[i] << (i & 7) * 8;
    s.count = len;
    return uk_sip_end(&s);
}

/*
 * Of strings with the same code units, one may hold them in a byte each, one in two bytes, one in pieces: all three
 * have one hash. What fits into a byte each is hashed as bytes.
 */
static bool uk_needs_two_bytes(const uint16_t *units, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (units[i] > 0xff)
            return true;
    return false;
}

static inline uint32_t hash_string8(const uint8_t *str, size_t len, uint32_t kind)
{
    return uk_hash_bytes(str, len, kind);
}

static uint32_t hash_string16(const uint16_t *str, size_t len, uint32_t kind)
{
    if (uk_needs_two_bytes(str, len))
        return uk_hash_bytes((const uint8_t *)str, 2 * len, kind);
    UkSip s = uk_sip_start(kind);
    for (size_t i = 0; i < len; i++)
        uk_sip_byte(&s, str[i]);
    return uk_sip_end(&s);
}

static uint32_t hash_string(JSString *str, uint32_t kind)
{
    return str->is_wide_char ? hash_string16(str16(str), str->len, kind) : hash_string8(str8(str), str->len, kind);
}

static bool uk_rope_needs_two_bytes(JSValueConst piece)
{
    if (JS_VALUE_GET_TAG(piece) == JS_TAG_STRING_ROPE) {
        JSStringRope *rope = JS_VALUE_GET_STRING_ROPE(piece);
        return uk_rope_needs_two_bytes(rope->left) || uk_rope_needs_two_bytes(rope->right);
    }
    JSString *str = JS_VALUE_GET_STRING(piece);
    return str->is_wide_char && uk_needs_two_bytes(str16(str), str->len);
}

static void uk_hash_piece(UkSip *s, JSValueConst piece, bool two_bytes)
{
    if (JS_VALUE_GET_TAG(piece) == JS_TAG_STRING_ROPE) {
        JSStringRope *rope = JS_VALUE_GET_STRING_ROPE(piece);
        uk_hash_piece(s, rope->left, two_bytes);
        uk_hash_piece(s, rope->right, two_bytes);
        return;
    }
    JSString *str = JS_VALUE_GET_STRING(piece);
    for (uint32_t i = 0; i < str->len; i++) {
        int unit = string_get(str, i);
        uk_sip_byte(s, unit & 0xff);
        if (two_bytes)
            uk_sip_byte(s, unit >> 8);
    }
}

/* A rope is at most 60 pieces deep (JS_STRING_ROPE_MAX_DEPTH), and so is the recursion. */
static uint32_t hash_string_rope(JSValueConst rope, uint32_t kind)
{
    UkSip s = uk_sip_start(kind);
    uk_hash_piece(&s, rope, uk_rope_needs_two_bytes(rope));
    return uk_sip_end(&s);
}

/* A key of Map and Set. Names of properties have their hash with them. */
static inline uint32_t uk_hash_text(JSString *str)
{
    if (str->atom_type == JS_ATOM_TYPE_STRING)
        return str->hash;
    return hash_string(str, JS_ATOM_TYPE_STRING) & JS_ATOM_HASH_MASK;
}

static inline uint32_t uk_hash_number(uint64_t key)
{
    return ((uint32_t)key * uk_state.hash_key.numbers[0] + (key >> 32) * uk_state.hash_key.numbers[1]) >> 32;
}

/* One number has one hash, whether the engine keeps it as an integer or as a double. */
static inline uint32_t uk_hash_double(double d)
{
    JSFloat64Union u = { .d = d };
    return uk_hash_number(double_is_int32(d) ? (uint32_t)(int32_t)d : u.u64);
}

/* The high bits of the product: a table of 2^n places takes n of them. */
static inline uint64_t uk_hash_atom(uint64_t atom, int shift)
{
    return atom * uk_state.hash_key.numbers[0] >> shift;
}
