// Load driver of a running relay: real sessions over CURVE, valid messages, every answer checked. See bench_io.h.
//   ingest connections=8 window=256 messages=60000 class=0 mailboxes=1 batch=64     push, wait for every Stored
//   drain mailboxes=1                                     collect, fetch and acknowledge everything that was ingested
//   flood connections=8 seconds=5      questions as fast as they can be sent
//   slow connections=16 seconds=5      sessions that ask for messages and read no answer
//   forget                                                leave it there: from now on other mailboxes are used
#include <poll.h>
#include <unistd.h>

#include <deque>
#include <unordered_set>

#include "proto/seal/os_random.h"
#include "tests/bench/bench_io.h"
#include "tests/bench/mail_maker.h"
#include "tests/support/relay_links.h"

namespace comm::bench {
namespace {

constexpr int kPatienceMs = 60'000;
constexpr std::size_t kWantsOpen = 6;      // of one session: their answers stay within the relay's queue
constexpr std::size_t kIdsPerWant = 64;
constexpr std::size_t kItemOverhead = 256;  // of a message in a packet beside its body, at most
constexpr int kRateLimitedPauseMs = 10;
constexpr std::size_t kFormingAtOnce = 256, kFewestSessions = 72;
constexpr double kFormWithin = 300;  // seconds
constexpr std::size_t kMailboxesPerSession = 64;
constexpr std::size_t kMadeAtOnce = 256;

Millis wall_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// A small network keeps everything everywhere: those who are offered a message here say that they have it, as the region's
// other members soon would. Unanswered, each would be offered it again and again. False if it was no offer.
bool have_already(test::RelayLinks& links, const test::RelayLinks::Arrived& arrived) {
  const auto* offer = std::get_if<Offer>(&arrived.packet.body);
  if (offer == nullptr) return false;
  Stored held;
  for (const OfferItem& item : offer->items)
    held.items.push_back({.id = message_id(item.header), .status = StoredStatus::duplicate});
  static_cast<void>(links.send(arrived.link, Packet{0, std::move(held)}));
  return true;
}

class Ingest {
 public:
  Ingest(test::RelayLinks& links, MailMaker& maker, const Command& command)
      : links_(links), window_(command.get("window", 256)), senders_(command.get("connections", 8)) {
    const std::size_t messages = command.get("messages", 60'000), mailboxes = command.get("mailboxes", 1);
    const auto size_class = static_cast<std::uint8_t>(command.get("class", 0));
    // As a busy sender does: what waits goes out in one packet, and several packets are under way.
    const std::size_t batch = std::max<std::size_t>(1, std::min<std::size_t>(command.get("batch", 64), window_ / 4));
    for (std::size_t s = 0; s < senders_.size(); ++s) {
      PacketFiller filler(batch);
      for (std::size_t i = s; i < messages; i += senders_.size()) {
        filler.add(maker.make(i % mailboxes, size_class, wall_ms()));
        if (i % kMadeAtOnce < senders_.size()) keep_alive();
      }
      senders_[s].packets = filler.finish();
    }
    run_.messages = messages;
  }

  Run run() {
    const Run::Watch watch;
    for (std::size_t s = 0; s < senders_.size(); ++s) top_up(s);
    for (std::uint64_t stored = 0; stored < run_.messages;) stored += take_answer();
    run_.stop(watch);
    return std::move(run_);
  }

 private:
  struct Sender {
    std::vector<MailPacket> packets;
    std::size_t next = 0;
    std::size_t outstanding = 0;
    std::deque<std::pair<Clock::time_point, std::size_t>> sent;
  };

  // Sealing takes its time, and the relay gives up sessions that do not answer.
  void keep_alive() {
    while (const auto arrived = links_.receive(0)) have_already(links_, *arrived);
  }

  void top_up(std::size_t s) {
    Sender& sender = senders_[s];
    while (sender.next < sender.packets.size()) {
      const MailPacket& packet = sender.packets[sender.next];
      if (sender.outstanding != 0 && sender.outstanding + packet.messages > window_) return;
      if (!links_.send(s, packet.bytes)) return;
      sender.outstanding += packet.messages;
      sender.sent.emplace_back(Clock::now(), packet.messages);
      ++sender.next;
    }
  }

  std::uint64_t take_answer() {
    const auto arrived = links_.receive(kPatienceMs);
    if (!arrived) give_up("the relay has not answered for a minute");
    if (have_already(links_, *arrived)) return 0;
    const auto* stored = std::get_if<Stored>(&arrived->packet.body);
    if (stored == nullptr) return 0;
    for (const StoredItem& item : stored->items)
      if (item.status != StoredStatus::stored)
        give_up("status " + std::to_string(static_cast<int>(item.status)) + ", reason " +
                std::to_string(static_cast<int>(item.reason)));
    Sender& sender = senders_[arrived->link];
    std::size_t left = stored->items.size();
    sender.outstanding -= left;
    while (left > 0 && !sender.sent.empty()) {
      auto& [when, count] = sender.sent.front();
      const std::size_t part = std::min(left, count);
      run_.answered(when, part);
      left -= part;
      count -= part;
      if (count == 0) sender.sent.pop_front();
    }
    top_up(arrived->link);
    return stored->items.size();
  }

  test::RelayLinks& links_;
  std::size_t window_;
  std::vector<Sender> senders_;
  Run run_;
};

struct IdHash {
  std::size_t operator()(const MessageId& id) const { return get_be<std::uint64_t>(id.view()); }
};

class Drain {
 public:
  Drain(test::RelayLinks& links, MailMaker& maker, std::size_t mailboxes, std::uint64_t messages)
      : links_(links), maker_(maker), mailboxes_(mailboxes), messages_(messages) {}

  Run run() {
    readers_.resize((mailboxes_ + kMailboxesPerSession - 1) / kMailboxesPerSession);
    if (readers_.size() > links_.size()) give_up("too few sessions for so many mailboxes");
    const Run::Watch watch;
    for (std::size_t m = 0; m < mailboxes_; ++m) collect(m / kMailboxesPerSession, m);
    while (acknowledged_ < messages_) step();
    confirm();
    run_.messages = acknowledged_;
    run_.stop(watch);
    return std::move(run_);
  }

 private:
  struct Offered {
    MessageId id;
    std::size_t bytes = 0;  // in a packet, at most
  };
  struct Reader {
    std::deque<Offered> offered;
    std::map<std::uint32_t, std::vector<Offered>> wants;
    bool paused = false;    // met the limit of its session's rate
    std::uint32_t next_request = 100;
    std::optional<MessageId> last;
  };

  void collect(std::size_t reader, std::size_t mailbox) {
    const MailboxSigningKey& key = maker_.mailbox(mailbox);
    links_.send(reader, Packet{10, Collect{key.public_key(), key.sign(collect_hash(links_.transcript(reader), key.public_key()))}});
  }

  void step() {
    const auto arrived = links_.receive(paused_ > 0 ? kRateLimitedPauseMs : kPatienceMs);
    if (!arrived && paused_ > 0) return go_on();
    if (!arrived) give_up("nothing arrived for a minute; acknowledged " + std::to_string(acknowledged_));
    if (arrived->link >= readers_.size()) return static_cast<void>(have_already(links_, *arrived));
    Reader& reader = readers_[arrived->link];
    if (const auto* offer = std::get_if<Offer>(&arrived->packet.body)) {
      for (const OfferItem& item : offer->items) take_offer(reader, item.header);
    } else if (const auto* message = std::get_if<Message>(&arrived->packet.body)) {
      acknowledge(arrived->link, arrived->packet.request_id, *message);
    } else if (const auto* error = std::get_if<ErrorBody>(&arrived->packet.body)) {
      if (error->code != static_cast<std::uint32_t>(ErrorCode::rate_limited))
        give_up("error " + std::to_string(error->code) + " " + error->text);
      ask_again(reader, arrived->packet.request_id);
      ++run_.rate_limited;
      if (!std::exchange(reader.paused, true)) ++paused_;
    }
    want(arrived->link);
  }

  void take_offer(Reader& reader, const HeaderBytes& bytes) {
    const MessageId id = message_id(bytes);
    const auto header = parse_header(bytes);
    if (!header) give_up("an offer of no valid message");
    if (known_.insert(id).second) reader.offered.push_back({id, header->body_bytes() + kItemOverhead});
  }

  // What was asked for under this request and has not come is asked for before everything else.
  void ask_again(Reader& reader, std::uint32_t request) {
    auto asked = reader.wants.extract(request);
    if (asked.empty()) give_up("an answer to nothing");
    reader.offered.insert(reader.offered.begin(), asked.mapped().begin(), asked.mapped().end());
  }

  void go_on() {
    paused_ = 0;
    for (std::size_t i = 0; i < readers_.size(); ++i)
      if (std::exchange(readers_[i].paused, false)) want(i);
  }

  // As clients do: no more in one packet than its answer can carry.
  void want(std::size_t index) {
    Reader& reader = readers_[index];
    while (!reader.paused && !reader.offered.empty() && reader.wants.size() < kWantsOpen) {
      Want want;
      std::vector<Offered>& asked = reader.wants[reader.next_request];
      for (std::size_t bytes = 0; !reader.offered.empty() && asked.size() < kIdsPerWant; reader.offered.pop_front()) {
        bytes += reader.offered.front().bytes;
        if (!asked.empty() && bytes > kMaxPacketBytes) break;
        asked.push_back(reader.offered.front());
        want.ids.push_back(asked.back().id);
      }
      CHECK(links_.send(index, Packet{reader.next_request++, std::move(want)}));
    }
  }

  void acknowledge(std::size_t index, std::uint32_t request, const Message& message) {
    Reader& reader = readers_[index];
    const auto asked = reader.wants.find(request);
    if (asked == reader.wants.end()) give_up("an answer to nothing");
    std::vector<Offered>& missing = asked->second;
    Ack ack;
    for (const SealedItem& item : message.items) {
      reader.last = message_id(item.header);
      std::erase_if(missing, [&](const Offered& one) { return one.id == *reader.last; });
      ack.records.push_back(maker_.acknowledge(item));
    }
    acknowledged_ += ack.records.size();
    CHECK(links_.send(index, Packet{0, std::move(ack)}));
    ask_again(reader, request);  // what did not fit
  }

  // A final record leaves the relay only when it is durable, and with it everything before.
  void confirm() {
    std::size_t waiting = 0;
    for (std::size_t i = 0; i < readers_.size(); ++i) {
      if (!readers_[i].last) continue;
      CHECK(links_.send(i, Packet{readers_[i].next_request++, Want{{*readers_[i].last}}}));
      ++waiting;
    }
    while (waiting > 0) {
      const auto arrived = links_.receive(kPatienceMs);
      if (!arrived) give_up("the last acknowledgement was not confirmed");
      if (std::holds_alternative<Ack>(arrived->packet.body)) --waiting;
    }
  }

  test::RelayLinks& links_;
  MailMaker& maker_;
  std::size_t mailboxes_;
  std::uint64_t messages_;
  std::uint64_t acknowledged_ = 0;
  std::unordered_set<MessageId, IdHash> known_;
  std::vector<Reader> readers_;
  std::size_t paused_ = 0;  // readers
  Run run_;
};

// Hostile loads, for a look at the relay's memory meanwhile: see serve().
void flood(test::RelayLinks& links, const Command& command) {
  const auto start = Clock::now();
  const std::size_t connections = command.get("connections", 8);
  Bytes packet = encode_packet(Packet{7, FindNode{}});
  std::uint64_t sent = 0;
  while (seconds_since(start) < static_cast<double>(command.get("seconds", 5))) {
    for (std::size_t i = 0; i < connections; ++i)
      for (int burst = 0; burst < 64; ++burst) sent += links.send(i, packet) ? 1 : 0;
    while (links.receive(0)) {
    }
  }
  std::printf("{\"messages\": %llu}\n", static_cast<unsigned long long>(std::max<std::uint64_t>(1, sent)));
  std::fflush(stdout);
}

// A load before may have filled the queue.
void send_patiently(test::RelayLinks& links, const Bytes& packet) {
  const auto start = Clock::now();
  while (!links.send(0, packet)) {
    if (seconds_since(start) * 1'000 > kPatienceMs) give_up("the relay takes nothing");
    links.receive(10);
  }
}

// Sessions that ask for what `maker` has stored, again and again, and never read an answer.
void read_slowly(ZmqContext& context, const std::string& endpoint, test::RelayLinks& links, MailMaker& maker,
                 const Command& command) {
  Want want;
  for (std::size_t i = 0; i < kIdsPerWant; ++i) {
    SealedItem item = maker.make(0, 0, wall_ms());
    want.ids.push_back(message_id(item.header));
    send_patiently(links, encode_packet(Packet{0, Message{{std::move(item)}}}));
  }
  test::RelayLinks slow(context, endpoint, 1);
  OsRandom random;
  const std::size_t readers = command.get("connections", 16);
  for (std::size_t i = 0; i < readers; ++i) slow.dial(random, Role::client);
  if (!slow.wait_ready(readers, kPatienceMs)) give_up("the slow readers' sessions did not form");
  const Bytes packet = encode_packet(Packet{7, std::move(want)});
  const auto start = Clock::now();
  std::uint64_t sent = 0;
  while (seconds_since(start) < static_cast<double>(command.get("seconds", 5))) {
    for (std::size_t i = 0; i < readers; ++i) sent += slow.send(i, packet) ? 1 : 0;
    while (links.receive(1)) {
    }
  }
  std::printf("{\"messages\": %llu}\n", static_cast<unsigned long long>(std::max<std::uint64_t>(1, sent)));
  std::fflush(stdout);
}

bool input_waits() {
  pollfd fd{STDIN_FILENO, POLLIN, 0};
  return poll(&fd, 1, 0) > 0;
}

int serve(const std::string& endpoint, std::size_t sessions, std::size_t dials_per_second) {
  init_crypto();
  ZmqContext context(1'023);
  test::RelayLinks links(context, endpoint);
  OsRandom random;
  // Within what the relay lets in: what a busy machine has held up is not made up for by a burst.
  const auto pause = std::chrono::nanoseconds(1'000'000'000 / dials_per_second);
  const auto start = Clock::now();
  auto next = start;
  for (std::size_t i = 0; i < sessions; ++i) {
    if (seconds_since(start) > kFormWithin) break;
    // And no more than it can check: who waits for a minute is cut.
    while (Clock::now() < next || links.size() - links.ready() >= kFormingAtOnce) {
      static_cast<void>(links.receive(1));
      if (seconds_since(start) > kFormWithin) break;
    }
    links.dial(random, Role::client);
    next = Clock::now() + pause;
  }
  // On a busy machine it goes on with those that there are.
  if (!links.wait_ready(links.size(), kPatienceMs) && links.ready() < std::min<std::size_t>(sessions, kFewestSessions))
    give_up("the sessions did not form");
  std::printf("{\"ready\": %zu}\n", links.ready());
  std::fflush(stdout);
  MailMaker maker(random.next());
  std::uint64_t held = 0;
  for (;;) {
    while (!input_waits())
      if (const auto arrived = links.receive(50)) have_already(links, *arrived);
    std::string line;
    if (!std::getline(std::cin, line)) return 0;
    const Command command = parse_command(line);
    if (command.verb == "ingest") {
      Run run = Ingest(links, maker, command).run();
      held += run.messages;
      run.print();
    } else if (command.verb == "drain") {
      Drain(links, maker, command.get("mailboxes", 1), command.get("messages", held)).run().print();
      maker = MailMaker(random.next());  // their readers stay subscribed; what comes next is for somebody absent
      held = 0;
    } else if (command.verb == "flood") {
      flood(links, command);
    } else if (command.verb == "slow") {
      read_slowly(context, endpoint, links, maker, command);
    } else if (command.verb == "forget") {  // what was ingested so far stays: the next ones get mailboxes of their own
      maker = MailMaker(random.next());
      held = 0;
      std::printf("{\"messages\": 1}\n");
      std::fflush(stdout);
    } else {
      give_up("no such command: " + line);
    }
  }
}

}  // namespace
}  // namespace comm::bench

int main(int argc, char** argv) {
  if (argc < 2) comm::bench::give_up("usage: bench_relay HOST:PORT [SESSIONS [DIALS_PER_SECOND]]");
  return comm::bench::serve(argv[1], argc > 2 ? std::stoul(argv[2]) : 72, argc > 3 ? std::stoul(argv[3]) : 100);
}
