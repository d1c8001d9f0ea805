// A preloaded library that sets the wall clock forward or back.
//
// FAKETIME_FILE names a file whose first eight bytes are the offset: a signed number of milliseconds in the
// machine's order of bytes. The file is mapped, so that a clock that jumps does so in running processes too.
// Only the wall clock is another one (clock_gettime's CLOCK_REALTIME, gettimeofday, time): what measures
// durations goes on as it does.
//
// With FAKETIME_NO_NAPS whoever naps awakes at once. SQLite waits for a lock in naps of known lengths, and
// gives up when their sum is what it was told to wait; so its patience ends without anybody waiting.

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *offset;
static int never_naps;

__attribute__((constructor)) static void begin(void) {
    never_naps = getenv("FAKETIME_NO_NAPS") != NULL;
    const char *path = getenv("FAKETIME_FILE");
    if (!path) return;
    int file = open(path, O_RDONLY | O_CLOEXEC);
    if (file < 0) abort();
    void *mapped = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED) abort();
    close(file);
    offset = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *time) {
    long result = syscall(SYS_clock_gettime, clock, time);
    if (!result && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t moment = (int64_t)time->tv_sec * 1000000000 + time->tv_nsec + *offset * 1000000;
        time->tv_sec = moment / 1000000000;
        time->tv_nsec = moment % 1000000000;
    }
    return (int)result;
}

int gettimeofday(struct timeval *restrict moment, void *restrict zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    moment->tv_sec = now.tv_sec;
    moment->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *moment) {
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    if (moment) *moment = now.tv_sec;
    return now.tv_sec;
}

// The name stands in brackets, which changes nothing: a definition is no call.
int (nanosleep)(const struct timespec *length, struct timespec *left) {
    if (!never_naps) return (int)syscall(SYS_nanosleep, length, left);
    return 0;
}

int (usleep)(useconds_t microseconds) {
    struct timespec length = {.tv_sec = microseconds / 1000000, .tv_nsec = microseconds % 1000000 * 1000L};
    return (nanosleep)(&length, NULL);
}
