#include "fuzz_driver.h"

/* compiler-rt, FuzzerInterface: libFuzzer as a library. */
__attribute__((weak)) int LLVMFuzzerRunDriver(int *argc, char ***argv, hearth_fuzz_body body);

int hearth_fuzz_run(int argc, char **argv, hearth_fuzz_body body) {
    return LLVMFuzzerRunDriver ? LLVMFuzzerRunDriver(&argc, &argv, body) : -1;
}
