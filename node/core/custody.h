// Custody of messages (spec 40-custody, 50-ack): what is stored, to whom it is offered and when, acknowledgements and
// tombstones. The state of a message's delivery lives in the store beside it (PutCustody) and is paged in by due time,
// so memory does not grow with the backlog. Own messages are remembered by id, bounded by the outbox.
#pragma once
#include "node/core/custody_state.h"
#include "node/core/peers.h"
#include "node/core/room.h"

namespace comm {

class CustodyService {
 public:
  explicit CustodyService(Core& core) : core_(core), room_(core) {}

  void start();
  void timer(TimerKind kind);

  // --- packets ---
  void on_message(Link& link, std::uint32_t request_id, const Message& message);
  void on_offer(Link& link, const Offer& offer);
  void on_want(Link& link, std::uint32_t request_id, const Want& want);
  void on_stored(Link& link, const Stored& stored);
  void on_ack(Link& link, const Ack& ack);
  void want_failed(std::uint64_t want, const NodeId& from);  // deadline passed or NOT_HELD: the next source is asked
  void lose_patience(std::uint64_t want);               // nothing came of it yet: another source is asked
  void source_gone(const NodeId& node);
  // Has become an own one: what lies here is for this node's user. One page after `after`; returns where the next one
  // begins, 0 = that was all.
  std::uint64_t open_held(const MailboxId& mailbox, std::uint64_t after);
  void clamp();                                         // after a step of the clock: nothing is due later than it may be

  // --- this node's own user ---
  void submit(const SubmitMessage& submit);
  void submit_final(const SubmitFinal& final);
  void decline(const DeclineMail& decline);
  void restart_delivery(const MessageId& id);

  // --- from other services ---
  void region_found(const MailboxId& mailbox, const std::vector<Contact>& members);
  // Reconciliation: what this node lacks of these is asked of `from`. Answers how many are, and whether that is all.
  struct Pulled { std::size_t asked = 0; bool all = true; };
  Pulled pull(const NodeId& from, const std::vector<SyncElement>& elements);
  // The owner of a mailbox has collected: everything waiting for it is offered to it anew, a page at a time. Returns what
  // was offered. Nothing is written down: most of it is acknowledged, and gone, before the offer is due again.
  std::vector<MessageId> owner_collected(const MailboxId& mailbox, const NodeId& owner, std::uint64_t& cursor,
                                         std::size_t limit);
  void flush_offers();                                  // what was collected during a pass leaves
  // Those of them that it has not taken: from now on the ordinary backoff offers them to it.
  void not_taken(const std::set<MessageId>& ids, const NodeId& owner);
  void session_ready(const Link& link);
  void store_failed(const std::vector<UnsaidAnswer>& unsaid);
  bool disk_full() const;                                // a write failed a moment ago
  std::optional<NodeCore::MessageInfo> info(const MessageId& id) const;

 private:
  struct Wanted {
    NodeId asked;                       // zero: nobody at the moment
    Millis until = 0;                   // mono
    std::vector<NodeId> sources;        // who offered it
    std::size_t bytes = 0;              // of its body as the header says; 0: not known yet
    bool hurried = false;               // a second was asked early; never a third
  };
  struct OpenWant {
    NodeId from;
    Millis at = 0;                      // mono
    std::vector<MessageId> ids;         // those that it names, and those that are asked for once these have come
  };
  struct Asked { std::size_t count = 0; Millis body = 0; };  // of one node: so much; when a body came last, mono
  static constexpr std::size_t kMaxWanted = 8'192;
  static constexpr std::size_t kMaxWantedPerPeer = 1'024;  // nobody's false offers keep others' mail from being asked for
  static constexpr std::size_t kMaxIncoming = 4'096;
  static constexpr std::size_t kDuePage = 256;
  static constexpr std::size_t kMaxAwaiting = 4'096;
  static constexpr Millis kOriginRefreshFirst = 15 * kSecond;  // then twice as long each time, up to kOriginRefresh

  // on_message, item by item: the status to answer with, or nullopt when the answer comes later (own mail).
  std::optional<StoredItem> accept(Link& link, const SealedItem& item, bool pushed);
  void keep(const MessageId& id, const MessageHeader& header, const SealedItem& item, const NodeId& from, bool entry);
  // As keep, if there is room or room can be made: the status to answer with.
  StoredItem keep_if_room(const MessageId& id, const MessageHeader& header, const SealedItem& item, const NodeId& from,
                          bool entry);
  // What an offer is answered with at once: no room, and not own mail.
  std::optional<StoredItem> refusal_of(const MessageId& id, const MessageHeader& header, const NodeId& from);
  void tell(LinkId link, std::uint32_t request_id, Stored stored);
  void answer_anew(const UnsaidAnswer& unsaid);
  void evict(const Rival& rival);
  void tell_evicted();                                  // those who think that we hold what had to go
  bool room_for_foreign(const FinalRecord& record, const NodeId& from);
  void on_status(const StoredItem& item, const NodeId& from);
  void note_holder(const MessageId& id, const NodeId& peer, bool stored);
  void finalise(const FinalRecord& record, const NodeId& from);
  void spread_final(const std::vector<NodeId>& peers, const NodeId& except, const Bytes& record);
  void flush_finals();

  // Somebody has it: adds it to `ask_for` if it is to be asked of them now. False if too much is asked for already.
  // `bytes`: of its body, 0 if nobody has told.
  bool want(const MessageId& id, std::size_t bytes, const NodeId& from, std::vector<MessageId>& ask_for);
  void forget_wanted(const MessageId& id);
  bool assign(Wanted& wanted, const NodeId& node);
  void one_less(const NodeId& asked);
  bool hurry(Wanted& wanted);                           // another source of it is asked now
  void send_records(LinkId link, const std::vector<Bytes>& records);
  Message with_bodies(std::vector<StoredHeader> messages) const;
  void check_and_finalise(Link& link, const Bytes& bytes);

  void process_due();
  void work_off(const MessageId& id, CustodyState& state, const StoredHeader& stored);
  void offer_to(const MessageId& id, CustodyState& state, CustodyPeer& peer, const StoredHeader& stored);
  void spread(const MessageId& id, CustodyState& state, const StoredHeader& stored, const MailboxId& mailbox);
  std::size_t spread_to(CustodyState& state, const StoredHeader& stored, std::vector<Contact> members);
  Millis lonely_retry(const StoredHeader& stored);
  Millis origin_wait(Millis age);
  void refresh(CustodyState& state, const StoredHeader& stored);
  std::size_t give_to(CustodyState& state, const std::vector<Contact>& members);  // how many are new
  void add_entry_peers(CustodyState& state, std::size_t count);
  Millis backoff(int attempts);
  Millis jitter(Millis delay);
  void save(const MessageId& id, const CustodyState& state, const StoredHeader& stored);
  void schedule();
  void ask(const NodeId& from, const std::vector<MessageId>& ids);
  std::vector<MessageId> those_that_fit(const std::vector<MessageId>& ids) const;
  void ask_next(const std::vector<MessageId>& ids, const NodeId& failed);
  void recover_page();
  void expire();
  void remember_source(const MessageId& id, const NodeId& peer);

  void await_session(const NodeId& node, const MessageId& id);
  void offer_awaiting(const NodeId& node);

  Core& core_;
  Room room_;
  std::map<NodeId, Stored> evicted_;                    // of this packet, sent at its end
  std::map<NodeId, std::vector<Bytes>> finals_;         // the same
  std::map<MessageId, Wanted> wanted_;
  std::map<std::uint64_t, OpenWant> wants_;             // by request key
  std::map<NodeId, Asked> wanted_of_;
  std::uint64_t next_want_ = 1;
  std::map<MessageId, std::vector<NodeId>> incoming_;   // own mail on its way in: who is to get the ack
  std::deque<MessageId> incoming_order_;
  std::map<MessageId, std::vector<NodeId>> own_;        // own live messages -> peers that exchanged them
  std::map<NodeId, Offer> offers_;                      // collected during a pass, sent at its end
  std::map<MailboxId, std::vector<MessageId>> spreading_;  // waiting for a lookup of their region
  std::map<NodeId, std::set<MessageId>> awaiting_;      // offers that go out as soon as the node has been dialled
  std::size_t awaiting_count_ = 0;
  std::set<Millis> armed_;                              // mono times of the custody timers in flight
  Millis disk_full_until_ = 0;
  Millis next_record_sweep_ = 0;
  std::uint64_t recover_cursor_ = 0;
  bool clamping_ = false;                               // the recovery pass under way also shortens waits
};

}  // namespace comm
