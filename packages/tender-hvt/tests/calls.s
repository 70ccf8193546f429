# What guests in assembly may say on hvt: see crates/tender-core/suite/support.rs. Records are from 0x180000 to 0x180200.
.macro call_tender number, record
    mov eax, \record
    mov edx, 0x500 + \number
    out dx, eax
.endm
.macro exit status
    mov qword ptr [0x180000], 0
    mov dword ptr [0x180008], \status
    call_tender 8, 0x180000
.endm
.macro print text, len
    lea rax, [\text]
    mov [0x180010], rax
    mov rax, \len
    mov [0x180018], rax
    call_tender 2, 0x180010
.endm
.macro fail_unless condition, status
    j\condition 7777f
    exit \status
    7777:
.endm
.macro mem_size register
    mov \register, [0x10000]
.endm
.macro entry_of register, handle
    imul \register, \handle, 104
    add \register, 0x10040
.endm
.macro move_block number, offset, data
    mov [0x180100], r12
    mov rax, \offset
    mov [0x180108], rax
    mov qword ptr [0x180110], \data
    mov [0x180118], r13
    call_tender \number, 0x180100
    mov eax, [0x180120]
.endm
.macro read_block offset, data
    move_block 5, \offset, \data
.endm
.macro write_block offset, data
    move_block 4, \offset, \data
.endm
.macro move_frame number, data, len
    mov [0x180100], r12
    mov qword ptr [0x180108], \data
    mov rax, \len
    mov [0x180110], rax
    call_tender \number, 0x180100
.endm
.macro read_frame data, len
    move_frame 7, \data, \len
    mov rax, [0x180110]
    movsxd rcx, dword ptr [0x180118]
    test ecx, ecx
    jz 7778f
    mov rax, rcx
    neg rax
    7778:
.endm
.macro write_frame data, len
    move_frame 6, \data, \len
    mov eax, [0x180118]
.endm
.macro wait_for milliseconds
    mov rax, \milliseconds
    imul rax, rax, 1000000
    mov [0x180100], rax
    call_tender 3, 0x180100
.endm
.macro wait_for_frame
    mov rax, -1
    mov [0x180100], rax
    call_tender 3, 0x180100
    bsf r12, [0x180108]
.endm
.macro sleep_forever
    7776: wait_for_frame
    jmp 7776b
.endm
.macro forget_calls
    .purgem call_tender
    .purgem exit
    .purgem print
    .purgem fail_unless
    .purgem mem_size
    .purgem entry_of
    .purgem move_block
    .purgem read_block
    .purgem write_block
    .purgem move_frame
    .purgem read_frame
    .purgem write_frame
    .purgem wait_for
    .purgem wait_for_frame
    .purgem sleep_forever
    .purgem forget_calls
.endm
