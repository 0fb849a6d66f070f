#include "node/main/safe_output.h"

#include <unistd.h>

#include <clocale>

#include "node/main/commands.h"

namespace comm {

SafeOptions safe_options(int fd) {
  if (utf8_locale()) return {};
  // Into a pipe or file the text goes as it is; widths are not needed there, only the tables to judge characters by.
  if (::isatty(fd) == 0 && std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr) return {};
  return {.ascii = true};
}

}  // namespace comm
