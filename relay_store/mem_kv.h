// Kv in memory. Ten thousand stores exist at once in a simulation, of many small rows: each is one piece of memory.
#pragma once
#include <memory>
#include <mutex>

#include "relay_store/kv.h"
#include "relay_store/row_leaves.h"

namespace comm {

class MemKv final : public Kv {
 public:
  bool get(std::string_view key, std::string& value) const override;
  void scan(std::string_view from, std::string_view until, const Visit& visit) const override;
  CommitResult apply(std::span<const KvWrites* const> batches) override;

 private:
  // sizes of key and value (4 + 4) key value
  class Row {
   public:
    Row(std::string_view key, std::string_view value);
    std::string_view key() const { return {bytes_.get() + kSizes, size(0)}; }
    std::string_view value() const { return {bytes_.get() + kSizes + size(0), size(1)}; }

   private:
    static constexpr std::size_t kSizes = 8;
    std::uint32_t size(std::size_t which) const;
    std::unique_ptr<char[]> bytes_;
  };

  mutable std::mutex mutex_;  // a Committer may apply on its own thread here too
  RowLeaves<Row, 64> rows_;
};

}  // namespace comm
