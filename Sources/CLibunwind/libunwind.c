#include "hearth_libunwind.h"
