// Opening a message. The first byte chooses: even, the input is header and body as a relay delivers them; odd, it is
// the plaintext of a hostile sender, sealed here so that the decoder behind the decryption is reached.
#include "proto/base/check.h"
#include "proto/seal/message.h"
#include "proto/seal/os_random.h"

using namespace comm;

namespace {

constexpr std::uint32_t kTestWeek = 2'900;

LockedBox<Identity> person(std::uint8_t number) {
  init_crypto();
  Seed seed;
  seed.data()[0] = number;
  return Identity::from_seed(seed, true);
}

struct People {
  LockedBox<Identity> alice = person(1), bob = person(2);
  DhPair prekey = bob->prekey(kTestWeek);
};

Result<OpenedMessage> open(const People& people, const HeaderBytes& header, ByteView body) {
  const std::array<const DhPair*, 2> keys{&people.alice->dh_pair(), &people.prekey};
  return open_message(people.bob->address(), keys, header, body);
}

void try_delivered(const People& people, ByteView input) {
  if (input.size() < kHeaderBytes) return;
  const auto header = *HeaderBytes::from(input.first(kHeaderBytes));
  const auto opened = open(people, header, input.subspan(kHeaderBytes));
  if (!opened) return;
  CHECK(ack_hash(opened->ack) == parse_header(header)->ack_hash);
}

void try_plaintext(const People& people, ByteView input) {
  Bytes plaintext = to_bytes(input.first(std::min(input.size(), kBodyClassBytes[0] - kNoiseXOverhead)));
  plaintext.resize(kBodyClassBytes[0] - kNoiseXOverhead);
  MessageHeader header;
  Bytes prologue = to_bytes(encode_header(header).view().first(32));
  append(prologue, people.bob->address().view());
  Prng random(1);
  const auto noise = noise_x_seal(prologue, people.alice->dh_pair(), random_dh_pair(random), people.prekey.public_key,
                                  plaintext);
  CHECK(noise.has_value());
  header.ack_hash = ack_hash(AckSecret{hmac_sha256(noise->chaining_key.view(), as_bytes("comm/1 ack")).data});
  const auto opened = open(people, encode_header(header), noise->message);
  if (!opened) {
    const std::string_view reason = opened.error().reason;
    CHECK(reason == "bad-padding" || reason == "bad-content" || reason == "sender-mismatch");
    return;
  }
  CHECK(opened->sender == address_of(opened->content.sign_key, people.alice->dh_pair().public_key));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const People people;
  if (size == 0) return 0;
  const ByteView input = ByteView(data, size).subspan(1);
  data[0] % 2 == 0 ? try_delivered(people, input) : try_plaintext(people, input);
  return 0;
}
