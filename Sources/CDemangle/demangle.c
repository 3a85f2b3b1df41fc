#include "hearth_demangle.h"
