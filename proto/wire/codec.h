// Private to proto/wire: what its codecs share. Protobuf types appear here and in this folder's *.cc only.
// Fields of fixed size are `bytes` in the schema, so a wrong length is found here, at the schema stage.
#pragma once
#include <google/protobuf/stubs/logging.h>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/result.h"
#include "proto/schema/comm.pb.h"
#include "proto/wire/packet.h"

namespace comm::codec {

inline constexpr std::size_t kEndpointBytes = 18;  // IPv6 or v4-mapped address (16), port (2), big-endian

inline tl::unexpected<Error> bad_schema(const char* reason) {
  return reject(Stage::schema, Scope::count, reason);
}

inline Bytes bytes_of(const std::string& in) { return to_bytes(as_bytes(in)); }
inline std::string string_of(ByteView in) { return std::string(as_text(in)); }

// False unless `in` has exactly the size of `out`.
template <class Fixed>
[[nodiscard]] bool read_fixed(const std::string& in, Fixed& out) {
  if (in.size() != Fixed::kSize) return false;
  std::copy(in.begin(), in.end(), out.data.begin());
  return true;
}

// Beyond kMaxTimestamp no arithmetic on instants is promised.
[[nodiscard]] inline bool read_time(std::uint64_t in, Millis& out) {
  if (in > static_cast<std::uint64_t>(kMaxTimestamp)) return false;
  out = static_cast<Millis>(in);
  return true;
}
inline std::uint64_t time_of(Millis time) { return time < 0 ? 0 : static_cast<std::uint64_t>(time); }

inline constexpr std::size_t kSyncKeyBytes = 4 + 32, kSyncElementBytes = kSyncKeyBytes + 1;
void write_sync(const Sync& body, pb::Sync& out);
[[nodiscard]] Result<Sync> read_sync(const pb::Sync& in);

[[nodiscard]] bool read_endpoint(const std::string& in, Endpoint& out);
std::string endpoint_string(const Endpoint& endpoint);

// Signature and nonce are present exactly when the record is: an absent record is three empty fields.
template <class Pb>
[[nodiscard]] bool read_signed_record(const Pb& in, SignedRecord& out) {
  if (in.record().empty()) return in.signature().empty() && in.nonce().empty();
  if (in.record().size() > kMaxRecordBytes) return false;
  out.record = bytes_of(in.record());
  return read_fixed(in.signature(), out.signature) && read_fixed(in.nonce(), out.nonce);
}
template <class Pb>
void write_signed_record(const SignedRecord& record, Pb& out) {
  if (record.record.empty()) return;
  out.set_record(string_of(record.record));
  out.set_signature(string_of(record.signature.view()));
  out.set_nonce(string_of(record.nonce.view()));
}

// The schema does not nest, so only groups inside unknown fields recurse; protobuf stops those at 100 levels.
// Unknown fields are bounded by the input's size and dropped with the message. protobuf would print a line for
// every invalid `string`: a stranger must not be able to write to the log, hence the silencer.
template <class Pb>
[[nodiscard]] bool parse_pb(ByteView in, Pb& out) {
  if (in.size() > kMaxPacketBytes) return false;
  const google::protobuf::LogSilencer silence;
  return out.ParseFromArray(in.data(), static_cast<int>(in.size()));
}
template <class Pb>
Bytes encode_pb(const Pb& message) {
  Bytes out(message.ByteSizeLong());
  message.SerializeWithCachedSizesToArray(out.data());
  return out;
}

}  // namespace comm::codec
