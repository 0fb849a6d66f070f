// Sync on the wire (spec 80-sync).
//
//   bound   = expires(4) id(32)
//   element = expires(4) id(32) state(1)
#include "proto/wire/codec.h"

namespace comm::codec {
namespace {

std::string bound_string(const SyncKey& key) {
  Bytes out;
  put_be(out, key.expires);
  append(out, key.id.view());
  return string_of(out);
}

SyncKey key_of(ByteView in) { return {get_be<std::uint32_t>(in), *MessageId::from(in.subspan(4, MessageId::kSize))}; }

[[nodiscard]] bool read_bound(const std::string& in, SyncKey& out) {
  if (in.size() != kSyncKeyBytes) return false;
  out = key_of(as_bytes(in));
  return true;
}

std::string elements_string(const std::vector<SyncElement>& elements) {
  Bytes out;
  out.reserve(elements.size() * kSyncElementBytes);
  for (const SyncElement& element : elements) {
    put_be(out, element.key.expires);
    append(out, element.key.id.view());
    out.push_back(static_cast<std::uint8_t>(element.state));
  }
  return string_of(out);
}

// Rising and within the range.
[[nodiscard]] bool read_elements(const std::string& in, SyncRange& out) {
  if (in.size() % kSyncElementBytes != 0) return false;
  const ByteView bytes = as_bytes(in);
  out.elements.reserve(in.size() / kSyncElementBytes);
  for (std::size_t at = 0; at < bytes.size(); at += kSyncElementBytes) {
    const SyncKey key = key_of(bytes.subspan(at));
    const std::uint8_t state = bytes[at + kSyncKeyBytes];
    if (state > static_cast<std::uint8_t>(SyncState::acknowledged)) return false;
    if (key < out.lower || key >= out.upper) return false;
    if (!out.elements.empty() && key <= out.elements.back().key) return false;
    out.elements.push_back({key, static_cast<SyncState>(state)});
  }
  return true;
}

[[nodiscard]] Result<SyncRange> read_range(const pb::SyncRange& in) {
  SyncRange out;
  if (!read_bound(in.lower(), out.lower) || !read_bound(in.upper(), out.upper) || out.upper <= out.lower)
    return bad_schema("sync-bound");
  if (in.mode() < 1 || in.mode() > static_cast<std::uint32_t>(SyncMode::again)) return bad_schema("sync-mode");
  out.mode = static_cast<SyncMode>(in.mode());
  const bool fingerprint = out.mode == SyncMode::fingerprint;
  const bool listed = out.mode == SyncMode::list || out.mode == SyncMode::extra;
  if (fingerprint ? !read_fixed(in.fingerprint(), out.fingerprint) : !in.fingerprint().empty())
    return bad_schema("sync-fingerprint");
  if (listed ? !read_elements(in.elements(), out) : !in.elements().empty()) return bad_schema("sync-elements");
  return out;
}

[[nodiscard]] bool read_opening(const pb::Sync& in, std::optional<SyncOpening>& out) {
  if (in.nonce().empty()) return in.centre().empty() && in.radius().empty() && in.after() == 0;
  SyncOpening opening;
  opening.after = in.after();
  out = opening;
  return read_fixed(in.nonce(), out->nonce) && read_fixed(in.centre(), out->centre) &&
         read_fixed(in.radius(), out->radius);
}

}  // namespace

void write_sync(const Sync& body, pb::Sync& out) {
  if (body.opening) {
    out.set_nonce(string_of(body.opening->nonce.view()));
    out.set_centre(string_of(body.opening->centre.view()));
    out.set_radius(string_of(body.opening->radius.view()));
    out.set_after(body.opening->after);
  }
  out.set_answer(body.answer);
  for (const SyncRange& range : body.ranges) {
    pb::SyncRange& to = *out.add_ranges();
    to.set_lower(bound_string(range.lower));
    to.set_upper(bound_string(range.upper));
    to.set_mode(static_cast<std::uint32_t>(range.mode));
    if (range.mode == SyncMode::fingerprint) to.set_fingerprint(string_of(range.fingerprint.view()));
    if (!range.elements.empty()) to.set_elements(elements_string(range.elements));
  }
}

Result<Sync> read_sync(const pb::Sync& in) {
  Sync out;
  out.answer = in.answer();
  if (!read_opening(in, out.opening)) return bad_schema("sync-opening");
  if (in.ranges_size() > static_cast<int>(kMaxSyncRangesPerPacket)) return bad_schema("sync-count");
  std::size_t elements = 0;
  for (const pb::SyncRange& item : in.ranges()) {
    elements += item.elements().size() / kSyncElementBytes;
    if (elements > kMaxSyncElementsPerPacket) return bad_schema("sync-count");
    auto range = read_range(item);
    if (!range) return tl::make_unexpected(range.error());
    if (!out.ranges.empty() && range->lower < out.ranges.back().upper) return bad_schema("sync-order");
    out.ranges.push_back(*std::move(range));
  }
  return out;
}

}  // namespace comm::codec
