// Reconciliation between custodians (spec 80-sync): when, with whom, and one session step by step. The algebra of ranges
// is in range_set.h; what is lacking is asked for by CustodyService and Records. A session is forgotten whenever anything
// goes wrong: the next one starts again. Both sides read their elements in slices of kSyncRowsPerTurn, so that a large
// store does not stall the reactor. Memory: kMaxSyncSessions sessions of kMaxSyncQueue ranges.
#pragma once
#include <deque>

#include "node/core/range_set.h"
#include "node/core/sessions.h"
#include "relay_store/store_op.h"

namespace comm {

class SyncService {
 public:
  explicit SyncService(Core& core) : core_(core) {}

  void on_request(Link& link, std::uint32_t request_id, const Sync& sync);
  void on_answer(Link& link, const Sync& sync);
  void failed(const NodeId& from);  // our request was answered by an Error, or not at all
  void timer();
  void join_done();
  void session_ready(Link& link);   // a member met anew is reconciled with soon
  void session_gone(const Link& link);

 private:
  struct Session {
    bool initiator = false;
    SyncOpening ours, theirs;
    Hash key;
    bool open = false;                  // both openings are known
    Millis opened = 0, used = 0;        // mono
    // The packet being judged:
    std::deque<SyncRange> todo;
    std::optional<RangeDigest> digest;  // of todo.front(), up to `at`
    SyncKey at;
    std::size_t judged = 0;             // ranges that took a digest
    std::vector<SyncRange> said;
    std::size_t said_elements = 0;
    std::vector<SyncElement> theirs_only;
    std::uint32_t answering = 0;        // responder: the request; 0: none
    bool greet = false;                 // responder: the answer carries the opening
    // Of the initiator:
    std::map<SyncKey, SyncRange> queue;
    std::size_t requests = 0;
    std::size_t learnt = 0;             // elements the other side has and this one may lack
    bool more = false;                  // ended early: again soon
  };
  using Key = std::pair<NodeId, bool>;  // with whom; whether this node asks

  bool near(const NodeId& node) const;
  bool takes_part(const Link& link) const;
  std::vector<Contact> partners() const;
  void begin(const Contact& contact);
  void round();
  void work();                          // a slice of whatever is being judged
  bool judge(Session& session, std::size_t& rows);  // false: the slice is used up
  bool read(Session& session, std::size_t& rows);
  bool read_records(Session& session, std::size_t& rows);
  void say(Session& session, std::vector<SyncRange> ranges);
  void judged(const Key& key);          // the packet is done: answer, or ask on
  void ask_on(const Key& key);
  void learn(const NodeId& node, Session& session);
  void end(const Key& key);
  void again_soon(const NodeId& node);
  void refuse(Link& link, std::uint32_t request_id, ErrorCode code, const char* why);
  void schedule(Millis at);

  Core& core_;
  std::map<Key, Session> sessions_;
  FlatMap<NodeId, Millis> last_;        // when a session with them last ended well
  std::map<NodeId, Millis> soon_;       // with whom one is to begin, and when
  Millis round_at_ = 0;                 // 0: not joined yet
  Millis last_round_ = 0;
  Millis scheduled_ = 0;                // the timer in flight, 0 = none
};

}  // namespace comm
