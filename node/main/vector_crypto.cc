#include "node/core/size_estimate.h"
#include "node/main/vector_ops.h"
#include "proto/base/bech32m.h"
#include "proto/seal/noise.h"
#include "proto/seal/primitives.h"

namespace comm::vectors {
namespace {

Json one(const char* name, ByteView bytes) { return {{name, to_hex(bytes)}}; }

Result<Json> hash(const Json& in) {
  return one("hash", tagged_hash(in.at("tag").get<std::string>(), {hex(in, "data")}).view());
}

Result<Json> hmac(const Json& in) { return one("mac", hmac_sha256(hex(in, "key"), hex(in, "data")).view()); }

Result<Json> body_hash_of(const Json& in) { return one("hash", body_hash(hex(in, "data")).view()); }

Result<Json> kdf(const Json& in) {
  const auto context = in.at("context").get<std::string>();
  if (context.size() != 8) throw BadInput();
  return one("key", derive_subkey(secret<32>(in, "key"), context, in.at("index").get<std::uint64_t>()).view());
}

Result<Json> dhpair(const Json& in) {
  const DhPair pair = dh_pair_of_seed(secret<32>(in, "seed"));
  return Json{{"secret", to_hex(pair.secret.view())}, {"public", to_hex(pair.public_key.view())}};
}

Result<Json> identity(const Json& in) {
  Seed seed;
  if (in.contains("seed")) seed = secret<32>(in, "seed");
  else derive_seed(SecretBytes(hex(in, "secret")), seed);
  const auto who = Identity::from_seed(seed, true);
  const auto week = in.at("week").get<std::uint32_t>();
  const MailboxKey mailbox = who->mailbox(week).public_key();
  return Json{{"seed", to_hex(seed.view())},
              {"sign_key", to_hex(who->sign_pair().public_key().view())},
              {"dh_key", to_hex(who->dh_pair().public_key.view())},
              {"address", to_hex(who->address().view())},
              {"storage_key", to_hex(who->storage_key().view())},
              {"mailbox_key", to_hex(mailbox.view())},
              {"mailbox_id", to_hex(mailbox_id(mailbox).view())},
              {"prekey", to_hex(who->prekey(week).public_key.view())},
              {"record_region", to_hex(record_region(who->address()).view())}};
}

Result<Json> node_id(const Json& in) {
  const auto profile = in.at("profile").get<std::string>();
  if (profile != "default" && profile != "test") throw BadInput();
  return one("node_id", derive_node_id(fixed<NodeKey>(in, "key"), profile == "test").view());
}

Result<Json> network_key(const Json& in) {
  return one("public", network_curve(in.at("name").get<std::string>()).public_key.view());
}

Result<Json> read_address(const Json& in) {
  const auto text = in.at("text").get<std::string>();
  // For people every fault of the checksummed form is a checksum that does not fit; here it is named.
  if (text.starts_with("comm1") || text.starts_with("COMM1"))
    if (const auto bytes = parse_bech32m("comm", text); !bytes) return tl::make_unexpected(bytes.error());
  return parse_address(text).map([](const Address& a) { return one("address", a.view()); });
}

Result<Json> format_address(const Json& in) {
  const auto address = fixed<Address>(in, "address");
  return Json{{"hex", address_hex(address)}, {"bech32m", address_bech32m(address)}};
}

Result<Json> verify_signature(const Json& in) {
  const auto signature = Signature::from(hex(in, "signature"));
  if (!signature || !ed25519_verify(hex(in, "public"), hex(in, "message"), *signature))
    return reject(Stage::crypto, Scope::count, "signature");
  return Json::object();
}

Result<Json> exchange(const Json& in) {
  return x25519(secret<32>(in, "secret"), fixed<DhKey>(in, "public")).map([](const Secret<32>& shared) {
    return one("shared", shared.view());
  });
}

std::string ack_of(const Secret<32>& chaining_key) {
  return to_hex(hmac_sha256(chaining_key.view(), as_bytes("comm/1 ack")).view());
}

Result<Json> noise_seal(const Json& in) {
  const auto sealed = noise_x_seal(hex(in, "prologue"), dh_pair_of_secret(secret<32>(in, "static")),
                                   dh_pair_of_secret(secret<32>(in, "ephemeral")), fixed<DhKey>(in, "recipient"),
                                   hex(in, "payload"));
  if (!sealed) return tl::make_unexpected(sealed.error());
  return Json{{"message", to_hex(sealed->message)},
              {"handshake_hash", to_hex(sealed->handshake_hash.view())},
              {"ack", ack_of(sealed->chaining_key)}};
}

Result<Json> noise_open(const Json& in) {
  const auto opened =
      noise_x_open(hex(in, "prologue"), dh_pair_of_secret(secret<32>(in, "secret")), hex(in, "message"));
  if (!opened) return tl::make_unexpected(opened.error());
  return Json{{"payload", to_hex(opened->payload.bytes)},
              {"static", to_hex(opened->remote_static.view())},
              {"ack", ack_of(opened->chaining_key)}};
}

Result<Json> size_sample(const Json& in) {
  std::vector<Contact> nearest;
  for (const auto& item : in.at("distances")) {
    auto digits = item.get<std::string>();
    if (digits.size() > 2 * NodeId::kSize) throw BadInput();
    digits.insert(0, 2 * NodeId::kSize - digits.size(), '0');
    nearest.push_back({.id = fixed<NodeId>(Json{{"id", digits}}, "id"), .key = {}, .endpoint = {}});
  }
  SizeEstimate estimate;
  estimate.observe(OverlayPoint{}, nearest);
  return Json{{"sample", estimate.nodes()}};
}

Result<Json> n_hat(const Json& in) {
  return Json{{"n_hat", SizeEstimate::estimate(in.at("samples").get<std::vector<std::uint64_t>>(),
                                               in.at("table").get<std::size_t>())}};
}

Result<Json> region_radius(const Json& in) {
  SizeEstimate estimate;
  const auto nodes = in.at("n_hat").get<std::uint64_t>();
  if (nodes == 0) throw BadInput();
  estimate.observe_known(static_cast<std::size_t>(nodes - 1));
  return one("radius", estimate.region_radius(kRegionFactor).view());
}

}  // namespace

const Operations& crypto_operations() {
  static const Operations all{{"hash", hash},
                              {"hmac", hmac},
                              {"body-hash", body_hash_of},
                              {"kdf", kdf},
                              {"dhpair", dhpair},
                              {"identity", identity},
                              {"node-id", node_id},
                              {"network-key", network_key},
                              {"parse-address", read_address},
                              {"format-address", format_address},
                              {"ed25519-verify", verify_signature},
                              {"x25519", exchange},
                              {"noise-seal", noise_seal},
                              {"noise-open", noise_open},
                              {"size-sample", size_sample},
                              {"n-hat", n_hat},
                              {"region-radius", region_radius}};
  return all;
}

}  // namespace comm::vectors
