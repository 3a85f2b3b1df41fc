#ifndef HEARTH_FUZZ_DRIVER_H
#define HEARTH_FUZZ_DRIVER_H

#include <stddef.h>
#include <stdint.h>

typedef int (*hearth_fuzz_body)(const uint8_t *bytes, size_t count);

/* Runs libFuzzer with its command line until it ends; -1 if the program was linked without it. */
int hearth_fuzz_run(int argc, char **argv, hearth_fuzz_body body);

#endif
