#include <stdint.h>

/* ABI sections 2.1 and 2.4: hvt, version 2. */
extern const uint32_t abi_note[9];
const uint32_t abi_note[9] __attribute__((used, section(".note.solo5.abi"), aligned(4))) = {
    6, 16, 0x31494241, 0x6f6c6f53 /* Solo */, 0x35 /* 5 */, 1, 2, 0, 0,
};
