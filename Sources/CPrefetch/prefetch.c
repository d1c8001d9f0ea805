// Everything is in the header.
#include "CPrefetch.h"
