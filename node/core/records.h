// Key records in the overlay (spec 60-mailboxes-and-records): kept for others, found and published for this node's own
// user. A record never steps back: higher seq wins, of one seq the smaller hash. Bounded: kMaxRecords kept, kMaxJobs
// lookups.
#pragma once
#include "node/core/peers.h"

namespace comm {

class Records {
 public:
  explicit Records(Core& core) : core_(core) {}

  void on_put(Link& link, std::uint32_t request_id, const PutRecord& put);
  void on_get(Link& link, std::uint32_t request_id, const GetRecord& get);
  void on_record(std::uint64_t job, const Record& record);   // an answer to our own request
  void failed(std::uint64_t job);

  // Reconciliation: `node` has another record of the address, perhaps a better one.
  void pull(Link& link, const Address& address);
  void find(const Address& address);
  void publish(PublishRecord publish);
  void region_found(std::uint64_t job, const std::vector<Contact>& members);
  void session_ready(Link& link);                           // a node of our record's region that lacks it gets it
  void join_done();                                         // a record published before the join goes out now
  void timer();                                             // our record is given to the region as it is now
  void lose_patience(std::uint64_t job);                    // who is still silent holds up what was found no longer
  bool sweeping() const { return swept_.has_value(); }      // the sweep has more pages
  void expire();                                            // with the hourly sweep

 private:
  static constexpr std::size_t kMaxRecords = 100'000;
  static constexpr std::size_t kMaxJobs = 256;
  static constexpr Millis kFirstRepublish = 2 * kMinute;  // doubles up to kRecordRepublish: first the region still moves
  static constexpr Millis kPublishedLately = 10 * kSecond;
  static constexpr std::size_t kAskedPerFind = 16;
  static constexpr std::size_t kGivenPerPublish = 64;
  static constexpr Millis kBetterWithin = 300;            // after the first good answer to a find: then it is told
  static constexpr std::uint64_t kPullJob = UINT64_MAX;   // not a job: what comes is kept if it is better
  struct Job {
    Address address;
    std::optional<SignedRecord> publish;   // else a find
    std::optional<SignedRecord> best;
    std::optional<CheckedRecord> best_checked;
    bool conflict = false;
    std::uint32_t waiting = 0, answers = 0, holders = 0;
    std::set<NodeId> asked;                // finds
    Millis patient_until = 0;              // finds, mono: the last asked hold up what was found until then
    bool looking = false;                  // the region is being looked up
    bool answered_well = false;            // finds: somebody's answer will do
    bool told = false;                     // finds: what was best then
    bool rest = false;                     // publications: to those only who were not given it yet
  };
  bool lately_published(const SignedRecord& record) const;
  enum class Kept { newer_held, kept, refused };
  Kept keep(const SignedRecord& record, const CheckedRecord& checked);
  std::optional<SignedRecord> held(const Address& address) const;
  void pulled(const Record& record);
  bool consider(Job& job, const SignedRecord& record);      // true: what is to be told has changed
  std::vector<Contact> choose(const Job& job, std::vector<Contact> members);
  void ask(std::uint64_t job, const std::vector<Contact>& targets);
  void settle(std::uint64_t job);
  void tell(std::uint64_t id, Job& job);
  void start_publication(bool rest);
  void finish(std::uint64_t job);

  Core& core_;
  std::map<std::uint64_t, Job> jobs_;
  std::map<Address, std::uint64_t> finding_;
  std::uint64_t next_ = 1;
  std::optional<PublishRecord> own_;                        // the record this node publishes
  Millis held_at_ = 0;                                      // mono: when a publication of it last ended with a holder
  Millis republish_at_ = 0;
  Millis republish_delay_ = kFirstRepublish;
  std::optional<Address> swept_;                            // where the sweep for expired ones stands
  std::set<NodeId> given_;                                  // who was given it since the last publish
};

Bytes encode_signed_record(const SignedRecord& record);     // for the store: length-prefixed parts
std::optional<SignedRecord> parse_signed_record(ByteView in);
ByteView signed_part(ByteView in);                          // of one that is stored; empty if it is none

}  // namespace comm
