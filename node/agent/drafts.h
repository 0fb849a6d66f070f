// Unsent texts, one per contact (the zero address: not yet addressed), encrypted like every row. Owned by the Agent, one
// thread. Bounded by kMaxDrafts texts of kMaxDraftBytes; what is beyond is refused.
#pragma once
#include <map>

#include "node/agent/rows.h"

namespace comm::agent {

inline constexpr std::size_t kMaxDrafts = 4'096;
inline constexpr std::size_t kMaxDraftBytes = 2 * kMaxTextBytes;

class Drafts {
 public:
  explicit Drafts(const Rows& rows) : rows_(rows) {}

  void load();
  void set(const Address& peer, const std::string& text, Effects& out);  // "" erases it
  // Rows written before the failure may be lost; what is in memory is written again.
  void store_failed(Effects& out);
  const std::map<Address, std::string>& all() const { return texts_; }

 private:
  void write(const Address& peer, const std::string& text, Effects& out) const;

  const Rows& rows_;
  std::map<Address, std::string> texts_;
};

}  // namespace comm::agent
