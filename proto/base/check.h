// CHECK(x): a promise of our own code. Always on, aborts with file and line. Never used on input.
#pragma once

namespace comm {
[[noreturn]] void check_failed(const char* file, int line, const char* what);
}
#define CHECK(x) ((x) ? static_cast<void>(0) : ::comm::check_failed(__FILE__, __LINE__, #x))
