/*
 * A disk that fails at the Nth write or flush, or that forgets what was never flushed. Loaded before libc, it sees
 * every system call on the ledger and its log, and nothing of any other file.
 *
 *   FAULTY_DISK_FILE    the ledger's path; its -wal and -journal count as well
 *   FAULTY_DISK_NAMES   1: all files count whose path begins so, and giving or taking a name counts as a write
 *   FAULTY_DISK_AT      which call meets its fate, from 1; 0 or unset: none
 *   FAULTY_DISK_DO      kill, eio, enospc, short (half is written, then no space)
 *   FAULTY_DISK_ON      any, sync: which calls are counted
 *   FAULTY_DISK_AFTER   1: every later call fails as well
 *   FAULTY_DISK_COUNT   a file that gets one byte for each counted call
 *   FAULTY_DISK_SYNCED  a folder that gets a copy of each file whenever it was flushed: what a loss of power leaves
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

#define FILES 4096
static char watched[FILES];
static char *names[FILES];
static long counted = 0;
static int failing = 0;

static const char *setting(const char *name) {
  const char *value = getenv(name);
  return value ? value : "";
}

static int is_watched(const char *path) {
  const char *file = setting("FAULTY_DISK_FILE");
  size_t length = strlen(file);
  if (length == 0 || path == NULL || strncmp(path, file, length) != 0) return 0;
  if (strcmp(setting("FAULTY_DISK_NAMES"), "1") == 0) return 1;
  return path[length] == 0 || strcmp(path + length, "-wal") == 0 || strcmp(path + length, "-journal") == 0;
}

static void remember(int fd, const char *path) {
  if (fd < 0 || fd >= FILES) return;
  watched[fd] = (char)is_watched(path);
  free(names[fd]);
  names[fd] = watched[fd] ? strdup(path) : NULL;
}

/* The calls of libc itself. */
#define REAL(type, name, ...) \
  static type (*real)(__VA_ARGS__) = NULL; \
  if (real == NULL) real = (type(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static void keep_copy(int fd) {
  const char *folder = setting("FAULTY_DISK_SYNCED");
  if (folder[0] == 0 || fd < 0 || fd >= FILES || names[fd] == NULL) return;
  const char *slash = strrchr(names[fd], '/');
  char target[4096], partial[4200];
  snprintf(target, sizeof target, "%s/%s", folder, slash ? slash + 1 : names[fd]);
  snprintf(partial, sizeof partial, "%s.partial", target);
  int from = open(names[fd], O_RDONLY), to = open(partial, O_WRONLY | O_CREAT | O_TRUNC, 0600);
  char block[65536];
  ssize_t got;
  while (from >= 0 && to >= 0 && (got = read(from, block, sizeof block)) > 0)
    if (write(to, block, (size_t)got) != got) abort();
  close(from);
  close(to);
  rename(partial, target);
}

/* 0: as it should be; otherwise the error to answer with, or -1 for half a write. */
static int struck(int is_sync) {
  if (strcmp(setting("FAULTY_DISK_ON"), "sync") == 0 && !is_sync) return 0;
  counted += 1;
  const char *count = setting("FAULTY_DISK_COUNT");
  if (count[0] != 0) {
    int file = open(count, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (write(file, ".", 1) != 1) abort();
    close(file);
  }
  long at = atol(setting("FAULTY_DISK_AT"));
  if (at <= 0 || (counted != at && !failing)) return 0;
  const char *what = setting("FAULTY_DISK_DO");
  if (strcmp(what, "kill") == 0) kill(getpid(), SIGKILL);
  if (strcmp(setting("FAULTY_DISK_AFTER"), "1") == 0) failing = 1;
  if (strcmp(what, "eio") == 0) return EIO;
  if (strcmp(what, "short") == 0) return is_sync ? EIO : -1;
  return ENOSPC;
}

static int fate(int fd, int is_sync) {
  return fd < 0 || fd >= FILES || !watched[fd] ? 0 : struck(is_sync);
}

static int fate_of_name(const char *path) {
  if (strcmp(setting("FAULTY_DISK_NAMES"), "1") != 0 || !is_watched(path)) return 0;
  int why = struck(0);
  return why < 0 ? EIO : why;
}

static int opened(int fd, const char *path) {
  remember(fd, path);
  return fd;
}

int open(const char *path, int flags, ...) {
  REAL(int, "open", const char *, int, ...);
  va_list more;
  va_start(more, flags);
  int mode = va_arg(more, int);
  va_end(more);
  return opened(real(path, flags, mode), path);
}

int open64(const char *path, int flags, ...) {
  REAL(int, "open64", const char *, int, ...);
  va_list more;
  va_start(more, flags);
  int mode = va_arg(more, int);
  va_end(more);
  return opened(real(path, flags, mode), path);
}

int close(int fd) {
  REAL(int, "close", int);
  if (fd >= 0 && fd < FILES) watched[fd] = 0;
  return real(fd);
}

#define WRITER(name, off_type) \
  ssize_t name(int fd, const void *from, size_t size, off_type offset) { \
    REAL(ssize_t, #name, int, const void *, size_t, off_type); \
    int why = fate(fd, 0); \
    if (why == 0) return real(fd, from, size, offset); \
    if (why < 0) return real(fd, from, size / 2, offset); \
    errno = why; \
    return -1; \
  }
WRITER(pwrite, off_t)
WRITER(pwrite64, off64_t)

ssize_t write(int fd, const void *from, size_t size) {
  REAL(ssize_t, "write", int, const void *, size_t);
  int why = fate(fd, 0);
  if (why == 0) return real(fd, from, size);
  if (why < 0) return real(fd, from, size / 2);
  errno = why;
  return -1;
}

#define FLUSHER(name) \
  int name(int fd) { \
    REAL(int, #name, int); \
    int why = fate(fd, 1); \
    if (why != 0) { \
      errno = why < 0 ? EIO : why; \
      return -1; \
    } \
    int result = real(fd); \
    if (result == 0) keep_copy(fd); \
    return result; \
  }
FLUSHER(fsync)
FLUSHER(fdatasync)

#define SHORTENER(name, off_type) \
  int name(int fd, off_type size) { \
    REAL(int, #name, int, off_type); \
    int why = fate(fd, 0); \
    if (why == 0) return real(fd, size); \
    errno = why < 0 ? EIO : why; \
    return -1; \
  }
SHORTENER(ftruncate, off_t)
SHORTENER(ftruncate64, off64_t)

/* A name that was given or taken away is a step as well, where it is asked for. */
#define NAMER(name, watched_path, parameters, ...) \
  int name parameters { \
    static int (*real) parameters = NULL; \
    if (real == NULL) real = (int(*) parameters)dlsym(RTLD_NEXT, #name); \
    int why = fate_of_name(watched_path); \
    if (why == 0) return real(__VA_ARGS__); \
    errno = why; \
    return -1; \
  }
NAMER(rename, to, (const char *from, const char *to), from, to)
NAMER(link, to, (const char *from, const char *to), from, to)
NAMER(unlink, path, (const char *path), path)
