// A program whose DWARF is a trap. One of: CYCLE (references in a ring), DEEP (scopes in scopes), ABBREVIATIONS (a huge
// table), RANGES (each of many entries with a huge list of ranges), CHILDREN (a list that never ends).
    .text
    .globl main
    .type main, @function
main:
.Lstart:
    xorl %eax, %eax
    .fill 4096, 1, 0x90
    ret
.Lend:
    .size main, .-main

    .section .debug_abbrev,"",@progbits
    .uleb128 1; .uleb128 0x11; .byte 1            // compile_unit with children
    .uleb128 0x11; .uleb128 0x01                  // low_pc addr
    .uleb128 0x12; .uleb128 0x07                  // high_pc data8
    .uleb128 0; .uleb128 0
    .uleb128 2; .uleb128 0x2e; .byte 1            // subprogram with children
    .uleb128 0x11; .uleb128 0x01
    .uleb128 0x12; .uleb128 0x07
    .uleb128 0x31; .uleb128 0x13                  // abstract_origin ref4
    .uleb128 0; .uleb128 0
    .uleb128 3; .uleb128 0x1d; .byte 1            // inlined_subroutine with children
    .uleb128 0x11; .uleb128 0x01
    .uleb128 0x12; .uleb128 0x07
    .uleb128 0x31; .uleb128 0x13
    .uleb128 0x47; .uleb128 0x13                  // specification ref4
    .uleb128 0; .uleb128 0
    .uleb128 4; .uleb128 0x1d; .byte 0            // inlined_subroutine with ranges
    .uleb128 0x55; .uleb128 0x17                  // ranges sec_offset
    .uleb128 0x31; .uleb128 0x13
    .uleb128 0; .uleb128 0
    .uleb128 5; .uleb128 0x2e; .byte 0            // subprogram with a name
    .uleb128 0x03; .uleb128 0x08                  // name string
    .uleb128 0; .uleb128 0
#ifdef ABBREVIATIONS
    .set number, 6
    .rept 60000
    .uleb128 number; .uleb128 0x34; .byte 0
    .uleb128 0x03; .uleb128 0x08
    .uleb128 0; .uleb128 0
    .set number, number + 1
    .endr
#endif
    .uleb128 0

    .section .debug_info,"",@progbits
.Lunit:
    .long .Lunit_end - .Lunit_body
.Lunit_body:
    .value 4
    .long .debug_abbrev
    .byte 8
    .uleb128 1; .quad .Lstart; .quad .Lend - .Lstart
#ifdef CYCLE
.Lring:
    .uleb128 2; .quad .Lstart; .quad .Lend - .Lstart; .long .Lring - .Lunit
.Lother:
    .uleb128 3; .quad .Lstart; .quad .Lend - .Lstart; .long .Lother - .Lunit; .long .Lring - .Lunit
    .byte 0, 0
#else
    .uleb128 2; .quad .Lstart; .quad .Lend - .Lstart; .long .Lnamed - .Lunit
#ifdef DEEP
    .rept 100000
    .uleb128 3; .quad .Lstart; .quad .Lend - .Lstart; .long .Lnamed - .Lunit; .long .Lnamed - .Lunit
    .endr
    .fill 100000, 1, 0
#endif
#ifdef RANGES
    .rept 20000
    .uleb128 4; .long 0; .long .Lnamed - .Lunit
    .endr
#endif
    .byte 0
#endif
.Lnamed:
    .uleb128 5; .asciz "named"
#ifndef CHILDREN
    .byte 0
#endif
.Lunit_end:

    .section .debug_ranges,"",@progbits
#ifdef RANGES
    .rept 100000
    .quad 8, 16
    .endr
#endif
    .quad 0, 0
    .section .note.GNU-stack,"",@progbits
