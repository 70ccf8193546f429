/*
 * mft_abi.h as ABI sections 1.5, 2.1 and 2.2 describe it, for tests: written from the document alone, apart from the one
 * that @uk/manifest ships, so that what toC() writes needs no more than the document promises.
 */
#ifndef TESTING_MFT_ABI_H
#define TESTING_MFT_ABI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MFT_VERSION 1
#define MFT_NAME_SIZE 68
#define MFT_NAME_MAX 67
#define MFT_MAX_ENTRIES 64

typedef enum {
    MFT_DEV_BLOCK_BASIC = 1,
    MFT_DEV_NET_BASIC = 2,
    MFT_RESERVED_FIRST = 0x40000000
} mft_type_t;

struct mft_block_basic {
    uint64_t capacity;
    uint16_t block_size;
};

struct mft_net_basic {
    uint8_t mac[6];
    uint16_t mtu;
};

struct mft_entry {
    char name[MFT_NAME_SIZE];
    mft_type_t type;
    union {
        struct mft_block_basic block_basic;
        struct mft_net_basic net_basic;
    } u;
    union {
        void *pointer;
        int32_t hostfd;
    } b;
    bool attached;
};

struct mft {
    uint32_t version;
    uint32_t entries;
#ifdef MFT_ENTRIES
    struct mft_entry e[MFT_ENTRIES];
#else
    struct mft_entry e[];
#endif
};

#define MFT1_NOTE_NAME "Solo5"
#define MFT1_NOTE_TYPE 0x3154464D
#define MFT1_NOTE_ALIGN 8
#define MFT1_NOTE_MAX_SIZE 6668

struct mft1_nhdr {
    uint32_t n_namesz;
    uint32_t n_descsz;
    uint32_t n_type;
    char n_name[8];
};

struct mft1_note {
    struct mft1_nhdr h;
    uint32_t padding;
    struct mft m;
} __attribute__((packed, aligned(4)));

#ifdef MFT_ENTRIES
typedef char mft_entries_are_at_most_64[MFT_ENTRIES <= MFT_MAX_ENTRIES ? 1 : -1];

#define MFT1_NOTE_DECLARE_BEGIN                                                                      \
    extern const struct mft1_note __solo5_mft1_note;                                                 \
    const struct mft1_note __solo5_mft1_note __attribute__((used, aligned(4), section(".note.solo5.manifest"))) = \
        { { sizeof MFT1_NOTE_NAME, sizeof(struct mft) + 4, MFT1_NOTE_TYPE, MFT1_NOTE_NAME }, 0,
#define MFT1_NOTE_DECLARE_END \
    }                         \
    ;
#endif

#endif
