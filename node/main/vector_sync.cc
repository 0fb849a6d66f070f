// Reconciliation (spec 80-sync): fingerprints, and what is answered to one range.
#include "node/core/range_set.h"
#include "node/main/vector_ops.h"
#include "proto/seal/hash.h"

namespace comm::vectors {
namespace {

constexpr std::size_t kKeyBytes = 36, kElementBytes = 37;

SyncKey key_of(ByteView in) {
  if (in.size() != kKeyBytes) throw BadInput();
  std::uint32_t expires = 0;
  for (const std::uint8_t byte : in.first(4)) expires = expires << 8 | byte;
  return {expires, *MessageId::from(in.subspan(4))};
}

std::vector<SyncElement> elements_of(const Json& in, const char* field) {
  const Bytes bytes = hex(in, field);
  if (bytes.size() % kElementBytes != 0) throw BadInput();
  std::vector<SyncElement> out;
  for (ByteView rest(bytes); !rest.empty(); rest = rest.subspan(kElementBytes))
    out.push_back({key_of(rest.first(kKeyBytes)), static_cast<SyncState>(rest[kKeyBytes])});
  return out;
}

Hash session_key(const Json& in) { return sync_key(fixed<SyncNonce>(in, "requester"), fixed<SyncNonce>(in, "responder")); }

RangeDigest digest_of(const Json& in, const SyncKey& lower, const SyncKey& upper) {
  const Hash key = session_key(in);
  RangeDigest out(lower, upper);
  for (const SyncElement& element : elements_of(in, "elements"))
    if (element.key >= lower && element.key < upper) out.add(element, sync_hash(key, element));
  return out;
}

Result<Json> fingerprint(const Json& in) {
  return Json{{"key", to_hex(session_key(in).view())},
              {"fingerprint", to_hex(digest_of(in, {}, kSyncEnd).fingerprint().view())}};
}

// The range arrives as a packet, so that what a decoder objects to is objected to here too; so does the answer leave.
Result<Json> answer(const Json& in) {
  const auto packet = parse_packet(hex(in, "packet"));
  if (!packet) return tl::make_unexpected(packet.error());
  const auto* sync = std::get_if<Sync>(&packet->body);
  if (sync == nullptr) throw BadInput();
  Sync out{.opening = std::nullopt, .ranges = {}, .answer = true};
  for (const SyncRange& range : sync->ranges)
    for (SyncRange& said : answer_range(range, digest_of(in, range.lower, range.upper))) out.ranges.push_back(std::move(said));
  return Json{{"packet", to_hex(encode_packet({packet->request_id, std::move(out)}))}};
}

}  // namespace

const Operations& sync_operations() {
  static const Operations all{{"sync-fingerprint", fingerprint}, {"sync-answer", answer}};
  return all;
}

}  // namespace comm::vectors
