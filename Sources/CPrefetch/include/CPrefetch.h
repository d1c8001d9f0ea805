#ifndef CPREFETCH_H
#define CPREFETCH_H

#include <stddef.h>

/// Asks the processor to bring `size` bytes nearer, which will be read soon; nothing happens when they are
/// near already, or cannot be read at all.
static inline void prefetch(const void *_Nonnull address, size_t size) {
    for (size_t offset = 0; offset < size; offset += 64) {
        __builtin_prefetch((const char *)address + offset);
    }
}

#endif
