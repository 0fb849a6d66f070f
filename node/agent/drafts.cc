#include "node/agent/drafts.h"

namespace comm::agent {
namespace {
//   draft = version(1) address(20) text
constexpr std::uint8_t kVersion = 1;
}  // namespace

void Drafts::load() {
  texts_.clear();
  rows_.each(RowKind::draft, [&](ByteView, ByteView bytes) {
    RowReader in(bytes);
    if (in.u8() != kVersion) return;
    const Address peer = in.fixed<Address>();
    std::string text = in.text();
    if (in.ok() && !text.empty()) texts_.insert_or_assign(peer, std::move(text));
  });
}

void Drafts::write(const Address& peer, const std::string& text, Effects& out) const {
  RowWriter row;
  row.reserve(32 + text.size());
  row.u8(kVersion).fixed(peer).text(text);
  rows_.put(out, rows_.named(RowKind::draft, peer), row);
}

void Drafts::set(const Address& peer, const std::string& text, Effects& out) {
  const auto known = texts_.find(peer);
  if (text.empty()) {
    if (known == texts_.end()) return;
    texts_.erase(known);
    rows_.erase(out, rows_.named(RowKind::draft, peer));
    return;
  }
  if (known != texts_.end() && known->second == text) return;
  if (text.size() > kMaxDraftBytes || (known == texts_.end() && texts_.size() >= kMaxDrafts)) {
    out.now(UserEvent{UserError{"Draft NOT saved: it is too long, or there are too many.", ""}});
    return;
  }
  texts_.insert_or_assign(peer, text);
  write(peer, text, out);
}

void Drafts::store_failed(Effects& out) {
  for (const auto& [peer, text] : texts_) write(peer, text, out);
}

}  // namespace comm::agent
