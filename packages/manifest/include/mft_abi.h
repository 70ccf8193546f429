/*
 * The Solo5 manifest note ("MFT1") for C: written by @uk/manifest, compatible by name and by layout with the
 * header of the same name that comes with Solo5. A file made by toC() needs this header and nothing else.
 *
 * Define MFT_ENTRIES (devices + 1) before including it to declare a note. Without it, struct mft ends in an
 * array of no stated length, which is what a reader of notes wants.
 */
#ifndef MFT_ABI_H
#define MFT_ABI_H

#include <stdbool.h>
#include <stdint.h>

/* The one version of the structure. */
#define MFT_VERSION 1

/* Bytes of a device name: with the NUL that ends it, and without. */
#define MFT_NAME_SIZE 68
#define MFT_NAME_MAX 67

/* Entry 0, which is reserved, and up to 63 devices. */
#define MFT_MAX_ENTRIES 64

enum mft_type {
    MFT_DEV_BLOCK_BASIC = 1,
    MFT_DEV_NET_BASIC = 2,
    MFT_RESERVED_FIRST = 1 << 30 /* this and all above are reserved; entry 0 has it */
};

/* Always four bytes, whatever the compiler makes of the enumeration. */
typedef uint32_t mft_type_t;

/* All members are zero in a file; the tender fills them in. */
struct mft_block_basic {
    uint64_t capacity;   /* bytes */
    uint16_t block_size; /* bytes */
};

struct mft_net_basic {
    uint8_t mac[6];
    uint16_t mtu; /* bytes, without the Ethernet header */
};

struct mft_entry {
    char name[MFT_NAME_SIZE]; /* ends in NUL */
    mft_type_t type;
    union {
        struct mft_block_basic block_basic;
        struct mft_net_basic net_basic;
    } u;
    union {
        int hostfd; /* hvt, spt */
        void *data; /* other targets */
    } b;
    bool attached;
};

struct mft {
    uint32_t version;
    uint32_t entries; /* length of e */
#ifdef MFT_ENTRIES
    struct mft_entry e[MFT_ENTRIES];
#else
    struct mft_entry e[];
#endif
};

#define MFT1_NOTE_NAME "Solo5"
#define MFT1_NOTE_TYPE 0x3154464D /* "MFT1", little endian */

/* struct mft starts on a multiple of this, counted from the first byte of the note. */
#define MFT1_NOTE_ALIGN 8

/* Largest descriptor: the padding before struct mft, and struct mft with all entries. */
#define MFT1_NOTE_MAX_SIZE (4 + 8 + MFT_MAX_ENTRIES * 104)

struct mft1_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz; /* from the end of this head: padding and struct mft */
    uint32_t n_type;
    char n_name[(sizeof(MFT1_NOTE_NAME) + 3) & ~3ul];
};

struct mft1_note {
    struct mft1_nhdr h;
    struct mft m; /* 8-aligned by its own type, which makes the 4 bytes of padding */
};

__extension__ _Static_assert(sizeof(struct mft_entry) == 104, "an entry has 104 bytes");
__extension__ _Static_assert(sizeof(struct mft1_nhdr) == 20, "a head has 20 bytes");
__extension__ _Static_assert(__builtin_offsetof(struct mft1_note, m) == 24, "struct mft starts at byte 24 of the note");

#ifdef MFT_ENTRIES
__extension__ _Static_assert(MFT_ENTRIES <= MFT_MAX_ENTRIES, "MFT_ENTRIES is more than MFT_MAX_ENTRIES");

/*
 * Between these two goes an initializer of struct mft. The section is 4-aligned, as all Solo5 notes are: the
 * attribute lowers what the type asks for, and works only when no declaration comes before.
 */
#define MFT1_NOTE_DECLARE_BEGIN                                                  \
    const struct mft1_note __solo5_mft1_note                                     \
        __attribute__((section(".note.solo5.manifest"), aligned(4), used)) = {   \
        .h = {                                                                   \
            .n_namesz = sizeof(MFT1_NOTE_NAME),                                  \
            .n_descsz = sizeof(struct mft1_note) - sizeof(struct mft1_nhdr),     \
            .n_type = MFT1_NOTE_TYPE,                                            \
            .n_name = MFT1_NOTE_NAME,                                            \
        },                                                                       \
        .m =

#define MFT1_NOTE_DECLARE_END \
    }                         \
    ;
#endif

#endif
