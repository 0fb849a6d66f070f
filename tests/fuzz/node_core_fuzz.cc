// The whole core under hostile links: the input is a script of link events, raw packets, clock steps and crashes. Two
// strangers hold real sessions (their handshakes are computed here), so everything behind authentication is reached.
// Holds if: nothing crashes, links and sessions stay within their bounds, and the store's quota is kept.
#include "node/agent/driver.h"
#include "proto/base/check.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

class FuzzHost final : public Host {
 public:
  void send(LinkId link, Packet packet) override {
    const Bytes bytes = encode_packet(packet);
    CHECK(bytes.size() <= kMaxPacketBytes);
    CHECK(parse_packet(bytes).has_value());  // we never send what we would refuse
    sent.emplace_back(link, std::move(packet));
    if (sent.size() > 256) sent.erase(sent.begin());
  }
  void open_link(LinkId link, const Endpoint&) override { opened.push_back(link); }
  void close_link(LinkId) override {}
  void compute_node_id(const NodeKey& key) override { ids.push_back(key); }
  void submit(std::unique_ptr<WriteSet> set) override { sets.push_back(std::move(set)); }
  void user(const UserEvent&) override {}
  void note(const Note&) override {}
  std::vector<std::pair<LinkId, Packet>> sent;
  std::vector<LinkId> opened;
  std::vector<NodeKey> ids;
  std::vector<std::unique_ptr<WriteSet>> sets;
};

NodeId cheap_id(const NodeKey& key) { return *NodeId::from(tagged_hash("fuzz id", {key.view()}).view().first(20)); }

NodeSigningKey key_of(std::uint8_t n) {
  Seed seed;
  seed.mut()[0] = n;
  return NodeSigningKey::from_seed(seed);
}

struct World {
  NodeSigningKey key = key_of(1);
  std::unique_ptr<Store> store = make_mem_store();
  Prng random{7};
  Seed user_seed;
  Agent agent{AgentConfig{}, Identity::from_seed(user_seed, true), *store, random};
  NodeCore core;
  FuzzHost host;
  Driver driver{core, &agent, *store, host};
  TimePoint now{1'000, 1'753'920'000'000};  // week 2900, as the seeds

  static CoreConfig config(const NodeSigningKey& key) {
    CoreConfig out;
    out.id = cheap_id(key.public_key());
    out.listen = {*parse_endpoint("127.0.0.1:4000")};
    out.bootstrap = {{*parse_endpoint("127.0.0.1:4001"), std::nullopt}};
    out.store_quota = 64 * 1024;
    return out;
  }
  World() : core(config(key), key, *store, random, &agent) { driver.start(now); }

  void settle() {
    for (const NodeKey& k : std::exchange(host.ids, {})) driver.event(now, NodeIdComputed{k, cheap_id(k)});
    if (!host.sets.empty()) {
      auto sets = std::exchange(host.sets, {});
      CHECK(store->commit(sets) == CommitResult::ok);
      driver.committed(now, sets.back()->last_ticket());
    }
  }
  void connect(LinkId link, std::uint8_t n) {
    const NodeSigningKey peer = key_of(n);
    CurveKey curve;
    curve.data[0] = n;
    driver.event(now, LinkUp{link, false, curve, *parse_endpoint("127.0.0.1:5000")});
    HelloBody body;
    body.node_key = peer.public_key();
    body.endpoints = {*parse_endpoint("127.0.0.1:5001")};
    body.time = now.wall;
    const Bytes raw = encode_hello_body(body);
    driver.event(now, PacketArrived{link, Packet{1, Hello{raw, body}}});
    for (const auto& [to, packet] : host.sent)
      if (const auto* welcome = std::get_if<Welcome>(&packet.body); welcome != nullptr && to == link) {
        const Auth auth{peer.sign(auth_hash(session_transcript(curve, raw, welcome->raw)))};
        driver.event(now, PacketArrived{link, Packet{0, auth}});
        break;
      }
    settle();
  }
};

}  // namespace
}  // namespace comm

// input = step*; step = op(1) link(1) length(1) body; op's high bit multiplies the length by 16.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace comm;
  static const bool ready = (init_crypto(), true);
  (void)ready;
  World w;
  w.connect(1, 2);
  w.connect(2, 3);
  ByteView in(data, size);
  LinkId next_link = 3;
  for (int step = 0; step < 200 && in.size() >= 3; ++step) {
    const std::uint8_t op = in[0];
    const LinkId link = 1 + in[1] % 6;
    const std::size_t length = std::min<std::size_t>(in.size() - 3, std::size_t{in[2]} * (op & 0x80 ? 16 : 1));
    const ByteView body = in.subspan(3, length);
    in = in.subspan(3 + length);
    switch (op & 7) {
      case 0:
      case 1:
      case 2:
      case 3:
        if (auto packet = parse_packet(body)) w.driver.event(w.now, PacketArrived{link, std::move(*packet)});
        else w.driver.event(w.now, PacketRejected{link, packet.error()});
        break;
      case 4: w.driver.event(w.now, LinkUp{next_link++, false, CurveKey{}, *parse_endpoint("10.0.0.1:9")}); break;
      case 5: w.driver.event(w.now, LinkDown{link}); break;
      case 6:
        w.now.mono += 1 + static_cast<Millis>(length * length) * 100;
        w.now.wall += (op & 0x40 ? -1 : 1) * static_cast<Millis>(length * length) * 100;
        for (int i = 0; i < 50 && w.driver.next_deadline() && *w.driver.next_deadline() <= w.now.mono; ++i)
          w.driver.time_passed(w.now);
        break;
      default:
        if (op & 0x20) w.host.sets.clear(), w.driver.commit_failed(w.now);
        else if (!w.host.opened.empty()) w.driver.event(w.now, LinkUp{w.host.opened.back(), true, CurveKey{}, {}});
    }
    w.settle();
    const CoreStatus status = w.core.status();
    CHECK(status.links <= kMaxSessions && status.sessions <= status.links);
    CHECK(w.store->totals().live * 1024 <= 64 * 1024);
  }
  return 0;
}
