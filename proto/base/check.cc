#include "proto/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace comm {
void check_failed(const char* file, int line, const char* what) {
  std::fprintf(stderr, "comm: internal error at %s:%d: %s does not hold. Please report this.\n", file, line, what);
  std::abort();
}
}  // namespace comm
