/*
 * The printf family for the engine: integers, strings, characters and pointers. Stable Rust cannot
 * define a variadic function; everything else of the C library is in Rust. Nothing here allocates,
 * and nothing can fail: text that does not fit is counted and dropped, as C11 7.21.6.5 wants it.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

/* Implemented in libc/system.rs: writes to the guest's console. */
void uk_console_write(const char *text, size_t len);

int vsnprintf(char *to, size_t size, const char *format, va_list args);
int snprintf(char *to, size_t size, const char *format, ...);
int printf(const char *format, ...);
int fprintf(void *file, const char *format, ...);

struct sink {
    char *to;    /* room for size bytes, the terminator included */
    size_t size;
    size_t len;  /* bytes produced, dropped ones included */
};

static void put(struct sink *sink, char c)
{
    if (sink->len + 1 < sink->size)
        sink->to[sink->len] = c;
    sink->len++;
}

static void pad(struct sink *sink, char c, int count)
{
    while (count-- > 0)
        put(sink, c);
}

struct spec {
    int left, plus, space, alt, zero;
    int width;
    int precision; /* -1: not given */
};

static void put_text(struct sink *sink, const struct spec *spec, const char *text, int len)
{
    if (!spec->left)
        pad(sink, ' ', spec->width - len);
    for (int i = 0; i < len; i++)
        put(sink, text[i]);
    if (spec->left)
        pad(sink, ' ', spec->width - len);
}

static void put_number(struct sink *sink, const struct spec *spec, uint64_t value, int negative, unsigned base, int upper)
{
    const char *digits = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    char text[24]; /* 22 octal digits of 2^64 and some */
    int count = 0;
    for (uint64_t rest = value; rest != 0 || count == 0; rest /= base)
        text[count++] = digits[rest % base];
    if (value == 0 && spec->precision == 0)
        count = 0;
    const char *prefix = negative ? "-" : spec->plus ? "+" : spec->space ? " " : "";
    if (spec->alt && base == 16 && value != 0)
        prefix = upper ? "0X" : "0x";
    int prefix_len = prefix[0] == '\0' ? 0 : prefix[1] == '\0' ? 1 : 2;
    int zeros = spec->precision > count ? spec->precision - count : 0;
    if (spec->zero && !spec->left && spec->precision < 0 && spec->width > prefix_len + count)
        zeros = spec->width - prefix_len - count;
    int blank = spec->width - prefix_len - zeros - count;
    if (!spec->left)
        pad(sink, ' ', blank);
    for (int i = 0; i < prefix_len; i++)
        put(sink, prefix[i]);
    pad(sink, '0', zeros);
    while (count > 0)
        put(sink, text[--count]);
    if (spec->left)
        pad(sink, ' ', blank);
}

int vsnprintf(char *to, size_t size, const char *format, va_list args)
{
    struct sink sink = { to, size, 0 };
    for (const char *at = format; *at != '\0'; at++) {
        if (*at != '%') {
            put(&sink, *at);
            continue;
        }
        struct spec spec = { 0, 0, 0, 0, 0, 0, -1 };
        for (int flags = 1; flags;) {
            switch (*++at) {
            case '-': spec.left = 1; break;
            case '+': spec.plus = 1; break;
            case ' ': spec.space = 1; break;
            case '#': spec.alt = 1; break;
            case '0': spec.zero = 1; break;
            default: flags = 0; break;
            }
        }
        if (*at == '*') {
            spec.width = va_arg(args, int);
            if (spec.width < 0) {
                spec.left = 1;
                spec.width = -spec.width;
            }
            at++;
        } else {
            for (; *at >= '0' && *at <= '9'; at++)
                spec.width = spec.width * 10 + (*at - '0');
        }
        if (*at == '.') {
            spec.precision = 0;
            if (*++at == '*') {
                spec.precision = va_arg(args, int);
                at++;
            } else {
                for (; *at >= '0' && *at <= '9'; at++)
                    spec.precision = spec.precision * 10 + (*at - '0');
            }
        }
        int is_long = 0; /* every wider integer type is 64 bits on x86_64 */
        while (*at == 'l' || *at == 'z' || *at == 'j' || *at == 't' || *at == 'h') {
            if (*at != 'h')
                is_long = 1;
            at++;
        }
        switch (*at) {
        case 'd':
        case 'i': {
            int64_t value = is_long ? va_arg(args, int64_t) : va_arg(args, int);
            put_number(&sink, &spec, value < 0 ? 0 - (uint64_t)value : (uint64_t)value, value < 0, 10, 0);
            break;
        }
        case 'u':
        case 'x':
        case 'X':
        case 'o': {
            uint64_t value = is_long ? va_arg(args, uint64_t) : va_arg(args, unsigned);
            spec.plus = spec.space = 0;
            put_number(&sink, &spec, value, 0, *at == 'u' ? 10 : *at == 'o' ? 8 : 16, *at == 'X');
            break;
        }
        case 'p':
            spec.alt = 1;
            put_number(&sink, &spec, (uint64_t)(uintptr_t)va_arg(args, void *), 0, 16, 0);
            break;
        case 'c': {
            char text = (char)va_arg(args, int);
            put_text(&sink, &spec, &text, 1);
            break;
        }
        case 's': {
            const char *text = va_arg(args, const char *);
            int len = 0;
            if (text == NULL)
                text = "(null)";
            while ((spec.precision < 0 || len < spec.precision) && text[len] != '\0')
                len++;
            put_text(&sink, &spec, text, len);
            break;
        }
        case '%':
            put(&sink, '%');
            break;
        case '\0':
            at--; /* the loop ends on the terminator */
            break;
        default: /* a conversion the engine does not use (floating point, in memory dumps): shown as it is */
            put(&sink, '%');
            put(&sink, *at);
            break;
        }
    }
    if (size > 0)
        to[sink.len < size ? sink.len : size - 1] = '\0';
    return (int)sink.len;
}

int snprintf(char *to, size_t size, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = vsnprintf(to, size, format, args);
    va_end(args);
    return len;
}

static int print(const char *format, va_list args)
{
    char text[512]; /* diagnostics of the engine; longer ones are cut */
    int len = vsnprintf(text, sizeof text, format, args);
    uk_console_write(text, len < (int)sizeof text ? (size_t)len : sizeof text - 1);
    return len;
}

int printf(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int len = print(format, args);
    va_end(args);
    return len;
}

int fprintf(void *file, const char *format, ...)
{
    (void)file;
    va_list args;
    va_start(args, format);
    int len = print(format, args);
    va_end(args);
    return len;
}
