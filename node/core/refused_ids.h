// Ids that were lately refused or evicted for want of room: reconciliation does not ask for them again (spec 80-sync).
// In memory only and bounded: the oldest is forgotten first, and asked for once more, which is only wasteful.
#pragma once
#include <deque>
#include <set>

#include "proto/base/ids.h"
#include "proto/base/limits.h"
#include "proto/base/time.h"

namespace comm {

class RefusedIds {
 public:
  void add(const MessageId& id, Millis mono) {
    forget_old(mono);
    if (!ids_.insert(id).second) return;
    order_.push_back({mono, id});
    if (order_.size() > kMaxSyncRefused) pop();
  }
  bool contains(const MessageId& id, Millis mono) {
    forget_old(mono);
    return ids_.contains(id);
  }
  std::size_t size() const { return ids_.size(); }

 private:
  struct Entry { Millis since; MessageId id; };
  void pop() {
    ids_.erase(order_.front().id);
    order_.pop_front();
  }
  void forget_old(Millis mono) {
    while (!order_.empty() && mono - order_.front().since >= kSyncRefusedKept) pop();
  }

  std::set<MessageId> ids_;
  std::deque<Entry> order_;
};

}  // namespace comm
