// The cost of signatures is simulated: this object is linked into comm-sim in place of proto/seal/ed25519. A signature
// here is a keyed sum of public key and message. It is right exactly if who made it was asked to sign that message with
// that key, as long as nobody in the simulation computes it otherwise; everything around it is the production's. A run
// with real ones takes the same course, but for the ids of messages, whose bodies hold signatures; so the unit tests of
// the simulator, which link the real ones, have other traces.
#include "proto/base/check.h"
#include "proto/seal/ed25519.h"
#include "tests/sim/trace.h"

namespace comm {
namespace {

void mix_all(sim::Trace& sum, ByteView in) {
  while (!in.empty()) {
    const ByteView part = in.first(std::min<std::size_t>(8, in.size()));
    sum.mix(part);
    in = in.subspan(part.size());
  }
}

Signature cheap_signature(ByteView public_key, ByteView message) {
  sim::Trace sum;
  mix_all(sum, public_key);
  mix_all(sum, message);
  Signature out;
  for (std::size_t i = 0; i < out.data.size(); ++i) {
    if (i % 8 == 0) sum.mix(i);
    out.data[i] = static_cast<std::uint8_t>(sum.value() >> (8 * (i % 8)));
  }
  return out;
}

}  // namespace

Signature ed25519_sign(std::span<const std::uint8_t, 64> secret, ByteView message) {
  return cheap_signature(secret.last<32>(), message);
}

bool ed25519_verify(ByteView public_key, ByteView message, const Signature& signature) {
  return public_key.size() == 32 && cheap_signature(public_key, message) == signature;
}

}  // namespace comm
