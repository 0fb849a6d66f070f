#include "proto/seal/sha256.h"

namespace comm {

Hash sha256(std::span<const ByteView> parts) { return computed_sha256(parts); }

}  // namespace comm
