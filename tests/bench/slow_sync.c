/* Makes every flush to disk two milliseconds slower, as a drive without a cache would: preloaded into the systems that
 * are compared (LD_PRELOAD), so that all of them pay alike. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>

static void dawdle(void) {
  const struct timespec two_ms = {0, 2 * 1000 * 1000};
  nanosleep(&two_ms, 0);
}

int fsync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
  dawdle();
  return real(fd);
}

int fdatasync(int fd) {
  static int (*real)(int);
  if (!real) real = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
  dawdle();
  return real(fd);
}
