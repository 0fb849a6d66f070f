// Both sides of Collect (spec 60-mailboxes-and-records). As custodian: which sessions own which mailboxes, so that mail
// is pushed to them. As owner: collect public mailboxes at their whole regions, hourly, or every six hours where hardly
// anybody writes to them; pairwise ones at twelve members, and at two others every six hours. Bounded: kMaxCollected per
// session, the agent's mailboxes times sessions.
#pragma once
#include "node/core/peers.h"
#include "node/core/prefixes.h"

namespace comm {

class Mailboxes {
 public:
  explicit Mailboxes(Core& core) : core_(core) {}

  // --- custodian ---
  void on_collect(Link& link, std::uint32_t request_id, const Collect& collect);
  const std::vector<NodeId>* owners(const MailboxId& mailbox) const;  // nodes subscribed now, or null
  void page_timer(std::uint64_t key);                                 // goes on offering a large backlog
  void taken(const MailboxId& mailbox, const NodeId& owner, const MessageId& id);  // it has been acknowledged
  bool owned_by(const MailboxId& mailbox, const NodeId& node) const;

  // --- owner ---
  void set_own(const CollectMailboxes& all);
  bool is_own(const MailboxId& mailbox) const { return own_.contains(mailbox); }
  void on_collected(Link& link, std::uint64_t request_key, const Collected& collected);
  void collect_failed(std::uint64_t request_key);
  void region_found(const MailboxId& mailbox, const std::vector<Contact>& members);
  void timer();                                                        // polls, missing subscriptions
  void held_timer();                                                   // goes on with what the own node holds
  std::vector<NodeId> subscribed(const MailboxId& mailbox) const;

  void join_done();                                                    // who keeps what is known from here on
  void session_ready(Link& link);
  void session_gone(const NodeId& node);
  bool keeps(const NodeId& node) const;                                // a subscription, ours or theirs, needs this session

 private:
  static constexpr std::size_t kCollectPage = 512;  // offered at once; the next page follows when half of it is taken
  static constexpr Millis kPagePatience = kSecond;  // or when the owner has acknowledged too little for so long
  static constexpr Millis kFirstPoll = kMinute;
  static constexpr Millis kLook = 5 * kMinute;      // at the sessions: who is a member now, who has not been asked lately
  static constexpr Millis kSeldomAgain = 20 * kMinute;  // the second round of those that are asked seldom
  static constexpr Millis kHeldPageDelay = 10;
  static constexpr int kTendedPerSecond = 4;        // pairwise mailboxes: their Collects share custodians' rates
  enum class Reach : std::uint8_t { region, seldom, few, now_and_then };  // the first two are public
  struct Own {
    MailboxKey key;
    Reach reach = Reach::region;
    std::vector<NodeId> subscribed;   // in order of subscription
    std::map<NodeId, Millis> asked;   // mono, when last collected from
    Millis next_poll = 0;
    Millis next_look = 0;             // of public ones
    Millis next_round = 0;            // of pairwise ones: when others are asked; of seldom ones: when all are
    std::size_t answers = 0;          // of seldom ones: in this round
    std::size_t wanted = 0;           // of pairwise ones: so many members more, once the region is known
    std::set<NodeId> chosen{};        // of pairwise ones: being dialled
    bool reached = false;             // of pairwise ones: somebody has answered in this round
    Millis poll_delay = kFirstPoll;   // doubles up to kCollectPoll: a young network's regions still move
  };
  struct Page {
    MailboxId mailbox;
    NodeId owner;
    std::uint64_t cursor = 0;   // in the mailbox; 0 at its start and at its end
    std::set<MessageId> open{};  // offered, not acknowledged: at most one page and a half
    Millis latest = 0;          // mono: what is open then is left to the backoff
  };

  // So many subscriptions' sessions are kept.
  static std::size_t relied_on(const Own& own) { return is_public(own) ? kCustodiansSubscribed : kPairwiseSubscribed; }
  std::uint32_t offer_page(std::uint64_t key, Page page);
  void drop_page(std::uint64_t key);
  void schedule(Millis delay);
  void add_own(const std::vector<MailboxKey>& keys, Reach reach, std::map<MailboxId, Own>& next);
  static bool is_public(const Own& own) { return own.reach == Reach::region || own.reach == Reach::seldom; }
  static Millis interval(const Own& own) { return own.reach == Reach::seldom ? kCollectSeldom : kCollectPoll; }
  void look(const MailboxId& mailbox, Own& own);
  void poll(const MailboxId& mailbox, Own& own);
  Millis after_poll(Own& own);
  void tend_all();
  void tend(const MailboxId& mailbox, Own& own);
  Prefixes asked_prefixes(const Own& own) const;
  bool well_inside(const NodeId& node, const MailboxId& mailbox) const;
  void ask_sessions(const MailboxId& mailbox, Own& own);
  void find_region(const MailboxId& mailbox);
  void ask_some(const MailboxId& mailbox, Own& own, std::vector<Contact> members);
  void collect_from(Link& link, const MailboxId& mailbox, Own& own);
  void collect_via(const Contact& contact, const MailboxId& mailbox, Own& own);

  Core& core_;
  std::map<MailboxId, std::vector<NodeId>> owners_;
  std::map<NodeId, std::vector<MailboxId>> collected_by_;
  std::map<MailboxId, Own> own_;
  std::map<std::uint64_t, std::pair<MailboxId, NodeId>> asking_;       // request key -> what was asked of whom
  std::map<std::uint64_t, Page> pages_;
  std::map<MailboxId, std::uint64_t> held_;                            // own ones being gone through -> next page
  std::map<std::pair<MailboxId, NodeId>, std::uint64_t> page_keys_;
  std::uint64_t next_key_ = 1;
  TokenBucket tended_{kTendedPerSecond, kTendedPerSecond};
  Millis scheduled_ = 0;                                               // the timer in flight, 0 = none
};

}  // namespace comm
