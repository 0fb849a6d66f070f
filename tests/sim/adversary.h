// A hostile node: a production node inside, and around it a filter that sees each packet that comes or leaves. It drops,
// answers in the node's place, rewrites or adds packets; tricks compose. Pure: time and randomness come in. Owned by its
// SimNode; one thread; bounded by kMostRemembered per trick and the node's links.
#pragma once
#include <functional>
#include <memory>

#include "proto/wire/packet.h"
#include "tests/sim/coven.h"
#include "tests/sim/tricks.h"

namespace comm::sim {

struct AdversaryPlan;

// What a trick has at hand while it looks at a packet.
struct TrickTurn {
  Millis now = 0, wall = 0;
  const Coven& coven;
  RandomSource& random;
  const std::map<LinkId, bool>& links;             // with a session; true: to another member
  const std::function<void(LinkId, Packet)>& send;  // past all filters
  std::optional<LinkId> honest_link() const;       // a random one
};

class Trick {
 public:
  virtual ~Trick() = default;
  virtual bool comes(TrickTurn&, LinkId, Packet&) { return true; }   // false: the node inside does not see it
  virtual bool leaves(TrickTurn&, LinkId, Packet&) { return true; }  // false: it does not leave
  virtual void tick(TrickTurn&) {}                                   // every ten seconds
};

inline constexpr std::size_t kMostRemembered = 1'024;

std::unique_ptr<Trick> routing_trick(TrickKind kind);                        // trick_routing.cc
std::unique_ptr<Trick> custody_trick(TrickKind kind);                        // trick_custody.cc
std::unique_ptr<Trick> final_trick(TrickKind kind);                          // trick_finals.cc
std::unique_ptr<Trick> volume_trick(TrickKind kind, const AdversaryPlan& plan);  // trick_volume.cc

class Adversary {
 public:
  using Send = std::function<void(LinkId, Packet)>;
  Adversary(const AdversaryPlan& plan, const Coven& coven, std::uint64_t seed, Send send);

  bool comes(Millis now, Millis wall, LinkId link, Packet& packet);
  bool leaves(Millis now, Millis wall, LinkId link, Packet& packet);
  void tick(Millis now, Millis wall);
  void link_down(LinkId link) { links_.erase(link), handshakes_.erase(link); }

 private:
  TrickTurn turn(Millis now, Millis wall);
  bool honest(Millis now) const { return now < honest_until_; }
  void note_session(LinkId link, const Packet& packet);

  const Coven& coven_;
  Prng random_;
  Send send_;
  Millis honest_until_;
  std::vector<std::unique_ptr<Trick>> tricks_;
  std::map<LinkId, bool> links_, handshakes_;
};

}  // namespace comm::sim
