#include "tests/support/pump.h"

namespace comm::test {

namespace {
Seed seed_of(std::uint64_t value) {
  Prng prng(value);
  Seed seed;
  prng.fill(std::span<std::uint8_t>(seed.mut()));
  return seed;
}
}  // namespace

// --- Net ---
Net::Net(std::uint64_t seed) : random(seed) { init_crypto(); }

TestNode& Net::relay(std::vector<TestNode*> bootstrap) {
  std::vector<Bootstrap> list;
  for (auto* node : bootstrap) list.push_back({node->endpoint, std::nullopt});
  nodes.push_back(std::make_unique<TestNode>(*this, random.next(), std::nullopt, std::move(list)));
  return *nodes.back();
}

TestNode& Net::user(const std::string& secret, std::vector<TestNode*> bootstrap) {
  std::vector<Bootstrap> list;
  for (auto* node : bootstrap) list.push_back({node->endpoint, std::nullopt});
  nodes.push_back(std::make_unique<TestNode>(*this, random.next(), secret, std::move(list)));
  return *nodes.back();
}

Probe& Net::probe() {
  probes.push_back(std::make_unique<Probe>(*this, random.next()));
  return *probes.back();
}

void Net::later(Millis delay, std::function<void()> job) { jobs_[{now_ + delay, order_++}] = std::move(job); }

Party* Net::at(const Endpoint& endpoint) {
  for (auto& node : nodes)
    if (node->up && node->endpoint == endpoint) return node.get();
  for (auto& probe : probes)
    if (probe->up && probe->endpoint == endpoint) return probe.get();
  return nullptr;
}

void Net::open(Party& from, LinkId link, const Endpoint& to) {
  CurveKey curve;
  random.fill(curve);
  const Endpoint source = from.endpoint;
  later(0, [&from, link, curve, to] { if (from.up) from.link_up(link, true, curve, to); });
  later(1, [this, &from, link, curve, to, source] {
    Party* target = at(to);
    if (!from.up) return;
    if (target == nullptr) return from.link_down(link);
    const LinkId accepted = next_accepted_++;
    peer_of_[{&from, link}] = {target, accepted};
    peer_of_[{target, accepted}] = {&from, link};
    Endpoint seen = source;
    seen.port = static_cast<std::uint16_t>(40000 + accepted % 20000);
    target->link_up(accepted, false, curve, seen);
  });
}

void Net::deliver(Party& from, LinkId link, Bytes bytes) {
  later(1, [this, &from, link, bytes = std::move(bytes)] {
    const auto it = peer_of_.find({&from, link});
    if (it == peer_of_.end() || !it->second.party->up) return;
    if (filter) {
      const auto packet = parse_packet(bytes);
      if (packet && !filter(from, *it->second.party, *packet)) return;
    }
    it->second.party->packet(it->second.link, bytes);
  });
}

void Net::close(Party& from, LinkId link) {
  later(1, [this, &from, link] {
    const auto it = peer_of_.find({&from, link});
    if (it == peer_of_.end()) return;
    const End other = it->second;
    peer_of_.erase(it);
    peer_of_.erase({other.party, other.link});
    if (other.party->up) other.party->link_down(other.link);
  });
}

void Net::drop_links(Party& party) {
  std::vector<std::pair<LinkId, End>> ends;
  for (const auto& [end, other] : peer_of_)
    if (end.first == &party) ends.emplace_back(end.second, other);
  for (const auto& [link, other] : ends) {
    peer_of_.erase({&party, link});
    peer_of_.erase({other.party, other.link});
    if (other.party->up) other.party->link_down(other.link);
  }
}

void Net::run(Millis duration) {
  const Millis end = now_ + duration;
  for (;;) {
    Millis next = jobs_.empty() ? end + 1 : jobs_.begin()->first.first;
    TestNode* due = nullptr;
    for (auto& node : nodes) {
      if (!node->up || node->driver == nullptr) continue;
      const auto deadline = node->driver->next_deadline();
      if (deadline && *deadline < next) next = *deadline, due = node.get();
    }
    if (next > end) break;
    if (next > now_) wall_ += next - now_, now_ = next;
    if (due != nullptr) {
      due->tick();
    } else {
      auto job = std::move(jobs_.begin()->second);
      jobs_.erase(jobs_.begin());
      job();
    }
  }
  wall_ += end - now_;
  now_ = end;
}

bool Net::run_until(const std::function<bool()>& done, Millis limit) {
  for (Millis passed = 0; passed < limit; passed += 50) {
    if (done()) return true;
    run(50);
  }
  return done();
}

// --- TestNode ---
TestNode::TestNode(Net& net_in, std::uint64_t seed_in, std::optional<std::string> user, std::vector<Bootstrap> bootstrap)
    : net(net_in), profile(net_in.profile), seed(seed_in), secret(std::move(user)),
      key(NodeSigningKey::from_seed(seed_of(seed_in))) {
  endpoint = *parse_endpoint("127.0.0.1:" + std::to_string(net.next_port_++));
  config.id = derive_node_id(key.public_key(), true);
  config.role = secret ? Role::client : Role::relay;
  config.listen = {endpoint};
  config.bootstrap = std::move(bootstrap);
  config.profile = profile;
  start();
}

void TestNode::start() {
  random = std::make_unique<Prng>(seed ^ static_cast<std::uint64_t>(net.now().mono));
  if (secret) {
    // A seed from the text instead of Argon2: tests make many identities.
    const Hash hash = tagged_hash("test identity", {as_bytes(*secret)});
    Seed identity_seed{std::span<const std::uint8_t, 32>(hash.data)};
    agent = std::make_unique<Agent>(AgentConfig{profile}, Identity::from_seed(identity_seed, true), *store, *random);
    own_address = agent->address();
  }
  core = std::make_unique<NodeCore>(config, key, *store, *random, agent.get());
  driver = std::make_unique<Driver>(*core, agent.get(), *store, *this);
  up = true;
  driver->start(net.now());
}

void TestNode::crash() {
  up = false;
  net.drop_links(*this);
  driver.reset();
  core.reset();
  agent.reset();
  submitted.clear();
  store->failed();
}

void TestNode::restart() { start(); }
void TestNode::tick() { driver->time_passed(net.now()); }

void TestNode::link_up(LinkId link, bool dialled, const CurveKey& curve, const Endpoint& remote) {
  driver->event(net.now(), LinkUp{link, dialled, curve, remote});
}
void TestNode::packet(LinkId link, const Bytes& bytes) {
  auto packet = parse_packet(bytes);
  if (packet) driver->event(net.now(), PacketArrived{link, std::move(*packet)});
  else driver->event(net.now(), PacketRejected{link, packet.error()});
}
void TestNode::link_down(LinkId link) { driver->event(net.now(), LinkDown{link}); }
void TestNode::send(LinkId link, Packet packet) {
  ++sent[packet_name(packet.body)];
  net.deliver(*this, link, encode_packet(packet));
}
void TestNode::open_link(LinkId link, const Endpoint& to) { net.open(*this, link, to); }
void TestNode::close_link(LinkId link) { net.close(*this, link); }
void TestNode::compute_node_id(const NodeKey& peer) {
  net.later(17, [this, peer] { if (up) driver->event(net.now(), NodeIdComputed{peer, derive_node_id(peer, true)}); });
}
void TestNode::submit(std::unique_ptr<WriteSet> set) {
  submitted.push_back(std::move(set));
  net.later(2, [this, generation = driver.get()] {
    if (!up || driver.get() != generation || hold_commits || submitted.empty()) return;
    auto sets = std::move(submitted);
    submitted.clear();
    CHECK(store->commit(sets) == CommitResult::ok);
    ++commits;
    driver->committed(net.now(), sets.back()->last_ticket());
  });
}

void TestNode::say(const Address& to, std::string text, std::string ref, std::uint16_t lifetime) {
  driver->command(net.now(), SendText{to, std::move(text), std::move(ref), lifetime});
}
std::vector<Received> TestNode::received() const {
  std::vector<Received> out;
  for (const auto& event : events)
    if (const auto* r = std::get_if<Received>(&event)) out.push_back(*r);
  return out;
}
std::vector<StateChanged> TestNode::states() const {
  std::vector<StateChanged> out;
  for (const auto& event : events)
    if (const auto* s = std::get_if<StateChanged>(&event)) out.push_back(*s);
  return out;
}

// --- Probe ---
Probe::Probe(Net& net_in, std::uint64_t seed)
    : net(net_in), key(NodeSigningKey::from_seed(seed_of(seed))), id(derive_node_id(key.public_key(), true)) {
  endpoint = *parse_endpoint("127.0.0.1:" + std::to_string(net.next_port_++));
}

HelloBody Probe::hello() {
  HelloBody body;
  body.node_key = key.public_key();
  net.random.fill(body.nonce);
  if (client) body.role = Role::client;
  else body.endpoints = {endpoint};
  body.time = net.now().wall;
  return body;
}

void Probe::link_up(LinkId link, bool dialled, const CurveKey& curve, const Endpoint&) {
  sessions[link].curve = curve;
  sessions[link].dialled = dialled;
}
void Probe::link_down(LinkId link) { sessions[link].down = true; }

void Probe::packet(LinkId link, const Bytes& bytes) {
  auto packet = parse_packet(bytes);
  CHECK(packet.has_value());  // our own nodes send only what parses
  Session& session = sessions[link];
  if (const auto* h = std::get_if<Hello>(&packet->body); h != nullptr && answer_handshake) {
    Welcome welcome;
    welcome.raw = encode_hello_body(hello());
    session.transcript = session_transcript(session.curve, h->raw, welcome.raw);
    welcome.signature = key.sign(welcome_hash(session.transcript));
    send(link, packet->request_id, std::move(welcome));
  } else if (const auto* w = std::get_if<Welcome>(&packet->body)) {
    session.transcript = session_transcript(session.curve, session.hello, w->raw);
    send(link, 0, Auth{key.sign(auth_hash(session.transcript))});
  } else if (std::holds_alternative<Ping>(packet->body) && answer_pings) {
    send(link, packet->request_id, Pong{});
  }
  inbox.push_back({net.now().mono, link, std::move(*packet)});
}

LinkId Probe::dial(const Endpoint& to) {
  static constexpr LinkId kProbeBit = LinkId{1} << 62;
  const LinkId link = kDialledLinkBit | kProbeBit | net.order_++;
  net.open(*this, link, to);
  net.run(5);
  return link;
}

LinkId Probe::connect(TestNode& to) {
  const LinkId link = dial(to.endpoint);
  Session& session = sessions[link];
  session.hello = encode_hello_body(hello());
  send(link, next_request++, Hello{session.hello, {}});
  net.run(60);
  return link;
}

void Probe::send(LinkId link, std::uint32_t request_id, PacketBody body) {
  send_raw(link, encode_packet(Packet{request_id, std::move(body)}));
}
void Probe::send_raw(LinkId link, Bytes bytes) { net.deliver(*this, link, std::move(bytes)); }

void Probe::collect(LinkId link, const MailboxSigningKey& mailbox) {
  send(link, next_request++,
       Collect{mailbox.public_key(), mailbox.sign(collect_hash(sessions[link].transcript, mailbox.public_key()))});
}

}  // namespace comm::test
