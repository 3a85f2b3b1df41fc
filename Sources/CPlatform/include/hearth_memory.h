// What a process does about its own memory.
#pragma once

// At most two heaps of malloc; blocks of 128 KiB and more are mappings of their own.
void hearth_limit_arenas(void);

// Drops the resident pages of the program's code and constants, which are clean: they are read again when used.
void hearth_drop_code(void);

// Returns free memory inside of the heaps to the kernel.
void hearth_trim_heaps(void);
