// A preloaded library that takes the power away at a chosen moment.
//
// Every change to a file below POWERLOSS_DIRECTORY is numbered: a write, a truncation, a sync, the creation,
// removal or renaming of a name. Changes are made at once, so that the process sees its own files as always,
// and what stood there before is kept until a sync makes the change last: of a file for its bytes and length,
// of its directory for its name. Instead of change number POWERLOSS_AT everything that was not synced is
// undone, and the process is killed: on the disk stands what a power failure is certain to leave.
//
// A disk may also have written some of what was not synced. With POWERLOSS_SEED other than 0, each write that
// was not synced survives or not by a fair coin that the seed decides. With POWERLOSS_KEEP the machine stays
// on: the process alone is killed, and every change before stays.
//
// A process that ends by itself writes how many changes it made into the file POWERLOSS_TOTAL, if there is
// that name.
//
// Left out: memory maps (SQLite's -shm file, which is rebuilt after a failure) and changes by other
// processes.

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { BYTES, LENGTH, CREATED, REMOVED, RENAMED };

// A change that would not outlive a power failure yet.
struct change {
    enum kind kind;
    struct change *older;
    dev_t device;  // of the file, for BYTES and LENGTH
    ino_t inode;
    int file;  // our own descriptor of it, never closed: closing one would drop the process's locks
    off_t offset;
    size_t count;
    unsigned char *before, *after;  // `count` bytes; `before` holds what was there up to `length`
    off_t length;                   // of the whole file before the change
    char *path;                     // the name that was made, taken away or moved
    char *aside;                    // where the file is kept, or the name that it had
};

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static struct change *newest;
static char directory[PATH_MAX], graveyard[PATH_MAX + 16];
static size_t directory_size;
static unsigned long number, last, buried;
static uint64_t seed;
static bool keeps;
static const char *total;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *function = dlsym(RTLD_NEXT, name);
    if (!function) abort();
    return function;
}

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("POWERLOSS_DIRECTORY"), *at = getenv("POWERLOSS_AT");
    const char *coin = getenv("POWERLOSS_SEED");
    if (!path || !realpath(path, directory)) return;
    directory_size = strlen(directory);
    snprintf(graveyard, sizeof graveyard, "%s.graveyard", directory);
    mkdir(graveyard, 0700);
    last = at ? strtoul(at, NULL, 10) : 0;
    seed = coin ? strtoull(coin, NULL, 10) : 0;
    keeps = getenv("POWERLOSS_KEEP");
    total = getenv("POWERLOSS_TOTAL");
}

// Whether an absolute path is one whose changes are numbered.
static bool is_watched(const char *path) {
    size_t size = strlen(path);
    if (!directory_size || strncmp(path, directory, directory_size)) return false;
    if (path[directory_size] != '/') return false;
    return size < 4 || strcmp(path + size - 4, "-shm");
}

// The absolute path of an open file, or false when it is no file that is watched.
static bool path_of(int file, char *path) {
    char link[64];
    if (!directory_size) return false;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size < 0) return false;
    path[size] = 0;
    return true;
}

// The absolute path of a name whose folder exists.
static bool resolve(int folder, const char *name, char *path) {
    char given[PATH_MAX * 2], parent[PATH_MAX];
    if (!directory_size) return false;
    if (name[0] == '/') {
        snprintf(given, sizeof given, "%s", name);
    } else if (folder == AT_FDCWD) {
        if (!getcwd(parent, sizeof parent)) return false;
        snprintf(given, sizeof given, "%s/%s", parent, name);
    } else {
        if (!path_of(folder, parent)) return false;
        snprintf(given, sizeof given, "%s/%s", parent, name);
    }
    char *slash = strrchr(given, '/');
    *slash = 0;
    if (!realpath(*given ? given : "/", path)) return false;
    size_t size = strlen(path);
    return snprintf(path + size, PATH_MAX - size, "/%s", slash + 1) < (int)(PATH_MAX - size);
}

static uint64_t next_coin(void) {  // splitmix64
    uint64_t word = seed += 0x9e3779b97f4a7c15;
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9;
    word = (word ^ (word >> 27)) * 0x94d049bb133111eb;
    return word ^ (word >> 31);
}

static void write_all(int file, const unsigned char *bytes, size_t count, off_t offset) {
    while (count) {
        ssize_t done = REAL(pwrite)(file, bytes, count, offset);
        if (done <= 0) abort();
        bytes += done, count -= (size_t)done, offset += done;
    }
}

static void undo(const struct change *change) {
    switch (change->kind) {
    case BYTES:
        if (change->offset < change->length) {
            off_t there = change->length - change->offset;
            size_t count = (off_t)change->count < there ? change->count : (size_t)there;
            write_all(change->file, change->before, count, change->offset);
        }
        if (REAL(ftruncate)(change->file, change->length)) abort();
        break;
    case LENGTH:
        if (REAL(ftruncate)(change->file, change->length)) abort();
        if (change->count) write_all(change->file, change->before, change->count, change->offset);
        break;
    case CREATED: REAL(unlink)(change->path); break;
    case REMOVED: REAL(rename)(change->aside, change->path); break;
    case RENAMED: REAL(rename)(change->path, change->aside); break;
    }
}

// Undoes what was not synced, writes again what the coin lets survive, and ends the process.
static void lose_power(void) {
    struct change *oldest_first = NULL;
    for (struct change *change = keeps ? NULL : newest; change;) {
        struct change *older = change->older;
        undo(change);
        change->older = oldest_first;
        oldest_first = change;
        change = older;
    }
    for (struct change *change = oldest_first; seed && change; change = change->older)
        if (change->kind == BYTES && next_coin() & 1)
            write_all(change->file, change->after, change->count, change->offset);
    rmdir(graveyard);
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

// Numbers a change that is about to be made.
static void count_change(void) {
    if (++number == last) lose_power();
}

static struct change *add(enum kind kind) {
    struct change *change = calloc(1, sizeof *change);
    if (!change) abort();
    change->kind = kind;
    change->older = newest;
    return newest = change;
}

// Our own descriptor of a file, one for each inode; -1 when it cannot be had.
static int descriptor_of(int file, const struct stat *status) {
    for (struct change *change = newest; change; change = change->older)
        if ((change->kind == BYTES || change->kind == LENGTH) && change->inode == status->st_ino
            && change->device == status->st_dev)
            return change->file;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    return REAL(open)(link, O_RDWR | O_CLOEXEC);
}

// Keeps the bytes from `offset` on that a change is about to replace; `after` are those that it writes.
static void remember(enum kind kind, int file, off_t offset, size_t count, const void *after) {
    struct stat status;
    if (fstat(file, &status)) abort();
    int own = descriptor_of(file, &status);
    if (own < 0) abort();
    struct change *change = add(kind);
    change->device = status.st_dev;
    change->inode = status.st_ino;
    change->file = own;
    change->length = status.st_size;
    change->offset = offset;
    if (kind == LENGTH) count = status.st_size > offset ? (size_t)(status.st_size - offset) : 0;
    change->count = count;
    change->before = calloc(count ? count : 1, 1);
    if (!change->before || (count && pread(own, change->before, count, offset) < 0)) abort();
    if (after) {
        change->after = malloc(count ? count : 1);
        if (!change->after) abort();
        memcpy(change->after, after, count);
    }
}

static void drop(struct change **place) {
    struct change *change = *place;
    *place = change->older;
    if (change->kind == REMOVED) REAL(unlink)(change->aside);
    free(change->before);
    free(change->after);
    free(change->path);
    free(change->aside);
    free(change);
}

// Whether `path` is a name in `folder`.
static bool is_in(const char *path, const char *folder) {
    size_t size = strlen(folder);
    return path && !strncmp(path, folder, size) && path[size] == '/' && !strchr(path + size + 1, '/');
}

// What lasts from now on: a file's bytes, or a folder's names.
static void synced(int file, const char *path) {
    struct stat status;
    if (fstat(file, &status)) abort();
    for (struct change **place = &newest; *place;) {
        struct change *change = *place;
        bool of_bytes = change->kind == BYTES || change->kind == LENGTH;
        bool lasts = S_ISDIR(status.st_mode)
                         ? !of_bytes && is_in(change->path, path)
                         : of_bytes && change->inode == status.st_ino && change->device == status.st_dev;
        if (lasts) {
            drop(place);
        } else {
            place = &change->older;
        }
    }
}

static void will_write(int file, const void *bytes, size_t count, off_t offset) {
    char path[PATH_MAX];
    if (!path_of(file, path) || !is_watched(path)) return;
    count_change();
    remember(BYTES, file, offset, count, bytes);
}

static off_t position(int file) {
    int flags = fcntl(file, F_GETFL);
    return lseek(file, 0, flags >= 0 && flags & O_APPEND ? SEEK_END : SEEK_CUR);
}

ssize_t write(int file, const void *bytes, size_t count) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX];
    if (path_of(file, path) && is_watched(path)) will_write(file, bytes, count, position(file));
    errno = error;
    ssize_t done = REAL(write)(file, bytes, count);
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite(int file, const void *bytes, size_t count, off_t offset) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    will_write(file, bytes, count, offset);
    errno = error;
    ssize_t done = REAL(pwrite)(file, bytes, count, offset);
    pthread_mutex_unlock(&mutex);
    return done;
}

ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t offset) {
    return pwrite(file, bytes, count, offset);
}

// A gathered write is made as one plain write, which callers must expect to be short anyway.
ssize_t writev(int file, const struct iovec *parts, int count) {
    char path[PATH_MAX];
    if (path_of(file, path) && is_watched(path) && count > 0)
        return write(file, parts[0].iov_base, parts[0].iov_len);
    return REAL(writev)(file, parts, count);
}

int ftruncate(int file, off_t length) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX];
    if (path_of(file, path) && is_watched(path)) {
        count_change();
        remember(LENGTH, file, length, 0, NULL);
    }
    errno = error;
    int result = REAL(ftruncate)(file, length);
    pthread_mutex_unlock(&mutex);
    return result;
}

int ftruncate64(int file, off64_t length) { return ftruncate(file, length); }

static int sync_file(int file, int (*function)(int)) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX];
    bool watched = path_of(file, path) && (is_watched(path) || !strcmp(path, directory));
    if (watched) count_change();
    errno = error;
    int result = function(file);
    if (watched && !result) synced(file, path);
    pthread_mutex_unlock(&mutex);
    return result;
}

int fsync(int file) { return sync_file(file, REAL(fsync)); }
int fdatasync(int file) { return sync_file(file, REAL(fdatasync)); }

static int open_at(int folder, const char *name, int flags, mode_t mode) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX];
    bool watched = resolve(folder, name, path) && is_watched(path) && flags & (O_CREAT | O_TRUNC);
    bool exists = watched && !access(path, F_OK);
    bool creates = watched && flags & O_CREAT && !exists, empties = watched && flags & O_TRUNC && exists;
    if (creates) {
        count_change();
        add(CREATED)->path = strdup(path);
    } else if (empties) {
        int file = REAL(open)(path, O_RDWR | O_CLOEXEC);
        if (file >= 0) {
            count_change();
            remember(LENGTH, file, 0, 0, NULL);
        }
    }
    errno = error;
    int file = REAL(openat)(folder, name, flags, mode);
    if (file < 0 && creates) drop(&newest);
    pthread_mutex_unlock(&mutex);
    return file;
}

static mode_t mode_from(int flags, va_list arguments) {
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

#define OPEN(arguments_before_flags, folder)          \
    arguments_before_flags {                          \
        va_list arguments;                            \
        va_start(arguments, flags);                   \
        mode_t mode = mode_from(flags, arguments);    \
        va_end(arguments);                            \
        return open_at(folder, name, flags, mode);    \
    }

OPEN(int open(const char *name, int flags, ...), AT_FDCWD)
OPEN(int open64(const char *name, int flags, ...), AT_FDCWD)
OPEN(int openat(int folder, const char *name, int flags, ...), folder)
OPEN(int openat64(int folder, const char *name, int flags, ...), folder)

// Takes a name away and keeps the file itself aside, so that it can come back.
static int bury(const char *path) {
    char aside[PATH_MAX * 2];
    snprintf(aside, sizeof aside, "%s/%lu", graveyard, ++buried);
    if (REAL(rename)(path, aside)) return -1;
    struct change *change = add(REMOVED);
    change->path = strdup(path);
    change->aside = strdup(aside);
    return 0;
}

int unlinkat(int folder, const char *name, int flags) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX];
    struct stat status;
    bool watched = !(flags & AT_REMOVEDIR) && resolve(folder, name, path) && is_watched(path)
                   && !lstat(path, &status) && S_ISREG(status.st_mode);
    errno = error;
    int result;
    if (watched) {
        count_change();
        result = bury(path);
    } else {
        result = REAL(unlinkat)(folder, name, flags);
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int unlink(const char *name) { return unlinkat(AT_FDCWD, name, 0); }

int renameat(int folder, const char *name, int other_folder, const char *other_name) {
    int error = errno;
    pthread_mutex_lock(&mutex);
    char path[PATH_MAX], other[PATH_MAX];
    bool watched = resolve(folder, name, path) && resolve(other_folder, other_name, other)
                   && is_watched(path) && is_watched(other);
    int result;
    errno = error;
    if (watched) {
        count_change();
        if (!access(other, F_OK)) bury(other);
        errno = error;
        result = REAL(rename)(path, other);
        if (!result) {
            struct change *change = add(RENAMED);
            change->path = strdup(other);
            change->aside = strdup(path);
        }
    } else {
        result = REAL(renameat)(folder, name, other_folder, other_name);
    }
    pthread_mutex_unlock(&mutex);
    return result;
}

int rename(const char *name, const char *other) { return renameat(AT_FDCWD, name, AT_FDCWD, other); }

// A process that ends by itself keeps what it did: nobody took its power.
__attribute__((destructor)) static void end(void) {
    if (!directory_size) return;
    while (newest) drop(&newest);
    rmdir(graveyard);
    int file = total ? REAL(open)(total, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600) : -1;
    if (file >= 0) dprintf(file, "%lu\n", number);
}
