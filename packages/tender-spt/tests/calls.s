# What guests in assembly may say on spt: see crates/tender-core/suite/support.rs.
.macro exit status
    mov edi, \status
    mov eax, 231
    syscall
.endm
.macro print text, len
    mov edi, 1
    lea rsi, [\text]
    mov rdx, \len
    mov eax, 1
    syscall
.endm
.macro fail_unless condition, status
    j\condition 7777f
    exit \status
    7777:
.endm
.macro mem_size register
    mov \register, [0x11000]
.endm
.macro entry_of register, handle
    imul \register, \handle, 104
    add \register, 0x11030
.endm
.macro move_block number, offset, data
    entry_of rdi, r12
    mov edi, [rdi + 88]
    mov esi, \data
    mov rdx, r13
    mov r10, \offset
    mov eax, \number
    syscall
    cmp rax, r13
    jne 7778f
    xor eax, eax
    7778: neg eax
.endm
.macro read_block offset, data
    move_block 17, \offset, \data
.endm
.macro write_block offset, data
    move_block 18, \offset, \data
.endm
.macro read_frame data, len
    entry_of rdi, r12
    mov edi, [rdi + 88]
    mov esi, \data
    mov edx, \len
    xor eax, eax
    syscall
    cmp rax, -11
    jne 7778f
    mov rax, -1
    7778:
.endm
.macro write_frame data, len
    entry_of rdi, r12
    mov edi, [rdi + 88]
    mov rdx, \len
    mov esi, \data
    mov eax, 1
    syscall
    neg eax
    jns 7778f
    xor eax, eax
    7778: cmp eax, 11
    jne 7779f
    xor eax, eax
    7779:
.endm
.macro wait_for milliseconds
    mov eax, 281
    mov edi, [0x11020]
    mov esi, 0x180100
    mov edx, 1
    mov r10, \milliseconds
    xor r8d, r8d
    xor r9d, r9d
    syscall
.endm
.macro wait_for_frame
    wait_for -1
    mov r12, [0x180104]
.endm
.macro sleep_forever
    7776: wait_for -1
    jmp 7776b
.endm
.macro forget_calls
    .purgem exit
    .purgem print
    .purgem fail_unless
    .purgem mem_size
    .purgem entry_of
    .purgem move_block
    .purgem read_block
    .purgem write_block
    .purgem read_frame
    .purgem write_frame
    .purgem wait_for
    .purgem wait_for_frame
    .purgem sleep_forever
    .purgem forget_calls
.endm
