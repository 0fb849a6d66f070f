// The simulator's clock: a binary heap of what is still to happen, ordered by (time, order of insertion), so that equal
// times are worked off as they were made and a run is a function of its seed. Payloads lie in slots that are used again;
// the heap moves 24-byte entries only. Owned by the Simulation; one thread; bounded by what is in flight.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "proto/base/check.h"
#include "proto/base/time.h"

namespace comm::sim {

template <class Payload>
class EventQueue {
 public:
  void push(Millis at, Payload payload) {
    CHECK(at >= now_);
    std::uint32_t slot = 0;
    if (free_.empty()) {
      slot = static_cast<std::uint32_t>(slots_.size());
      slots_.push_back(std::move(payload));
    } else {
      slot = free_.back();
      free_.pop_back();
      slots_[slot] = std::move(payload);
    }
    heap_.push_back({at, ++sequence_, slot});
    std::push_heap(heap_.begin(), heap_.end(), later);
  }

  // REQUIRES: !empty(). Moves the clock to the earliest entry and hands it out.
  Payload pop() {
    CHECK(!heap_.empty());
    std::pop_heap(heap_.begin(), heap_.end(), later);
    const Entry entry = heap_.back();
    heap_.pop_back();
    now_ = entry.at;
    free_.push_back(entry.slot);
    return std::move(slots_[entry.slot]);
  }

  bool empty() const { return heap_.empty(); }
  std::size_t size() const { return heap_.size(); }
  Millis next_time() const { return heap_.front().at; }  // REQUIRES: !empty()
  Millis now() const { return now_; }

 private:
  struct Entry {
    Millis at;
    std::uint64_t sequence;
    std::uint32_t slot;
  };
  static bool later(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at > b.at : a.sequence > b.sequence;
  }

  std::vector<Entry> heap_;
  std::deque<Payload> slots_;
  std::vector<std::uint32_t> free_;
  std::uint64_t sequence_ = 0;
  Millis now_ = 0;
};

}  // namespace comm::sim
