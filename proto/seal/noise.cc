#include "proto/seal/noise.h"

#include <sodium.h>

namespace comm {
namespace {

constexpr std::size_t kDhBytes = 32, kTagBytes = 16;
constexpr std::string_view kProtocolName = "Noise_X_25519_ChaChaPoly_SHA256";

tl::unexpected<Error> crypto_error(const char* reason) { return reject(Stage::crypto, Scope::count, reason); }

// SymmetricState of the Noise specification, section 5.2. In this pattern every key encrypts once, so the nonce is
// always 0: MixKey resets it and exactly one EncryptAndHash follows each MixKey.
class SymmetricState {
 public:
  explicit SymmetricState(ByteView prologue) {
    static_assert(kProtocolName.size() <= Hash::kSize);  // a short name is padded with zeros, not hashed
    std::copy(kProtocolName.begin(), kProtocolName.end(), hash_.data.begin());
    std::copy(hash_.data.begin(), hash_.data.end(), chaining_key_.data());
    mix_hash(prologue);
  }

  void mix_hash(ByteView data) {
    crypto_hash_sha256_state state;
    crypto_hash_sha256_init(&state);
    crypto_hash_sha256_update(&state, hash_.data.data(), hash_.data.size());
    crypto_hash_sha256_update(&state, data.data(), data.size());
    crypto_hash_sha256_final(&state, hash_.data.data());
  }

  // HKDF of section 4.3 with two outputs: the next chaining key and the cipher key. False if X25519 gave zero.
  [[nodiscard]] bool mix_dh(const DhPair& local, const DhKey& remote) {
    Secret<kDhBytes> shared;
    if (crypto_scalarmult(shared.data(), local.secret.data(), remote.data.data()) != 0) return false;
    Secret<32> temporary = hmac(chaining_key_, shared.view());
    static constexpr std::array<std::uint8_t, 1> kFirst{1};
    chaining_key_ = hmac(temporary, kFirst);
    Secret<33> second;
    std::copy_n(chaining_key_.data(), 32, second.data());
    second.data()[32] = 2;
    key_ = hmac(temporary, second.view());
    return true;
  }

  void encrypt_and_hash(ByteView plaintext, Bytes& out) {
    const std::size_t start = out.size();
    out.resize(start + plaintext.size() + kTagBytes);
    crypto_aead_chacha20poly1305_ietf_encrypt(out.data() + start, nullptr, plaintext.data(), plaintext.size(),
                                              hash_.data.data(), hash_.data.size(), nullptr, kNonce.data(),
                                              key_.data());
    mix_hash(ByteView(out).subspan(start));
  }

  // REQUIRES: out.size() == ciphertext.size() - kTagBytes.
  [[nodiscard]] bool decrypt_and_hash(ByteView ciphertext, std::span<std::uint8_t> out) {
    const int failed = crypto_aead_chacha20poly1305_ietf_decrypt(
        out.data(), nullptr, nullptr, ciphertext.data(), ciphertext.size(), hash_.data.data(), hash_.data.size(),
        kNonce.data(), key_.data());
    if (failed != 0) return false;
    mix_hash(ciphertext);
    return true;
  }

  const Hash& hash() const { return hash_; }
  Secret<32> take_chaining_key() { return std::move(chaining_key_); }

 private:
  // 4 zero bytes, then the little-endian counter, always 0 here.
  static constexpr std::array<std::uint8_t, crypto_aead_chacha20poly1305_IETF_NPUBBYTES> kNonce{};

  static Secret<32> hmac(const Secret<32>& key, ByteView data) {
    Hash hash = hmac_sha256(key.view(), data);
    Secret<32> out(std::span<const std::uint8_t, 32>(hash.data));
    secure_zero(hash.data);
    return out;
  }

  Hash hash_;
  Secret<32> chaining_key_, key_;
};

}  // namespace

// Pattern X:  <- s  ...  -> e, es, s, ss
Result<NoiseSealed> noise_x_seal(ByteView prologue, const DhPair& local_static, const DhPair& ephemeral,
                                 const DhKey& remote, ByteView payload) {
  SymmetricState state(prologue);
  state.mix_hash(remote.view());
  NoiseSealed out;
  out.message.reserve(payload.size() + kNoiseXOverhead);
  append(out.message, ephemeral.public_key.view());
  state.mix_hash(ephemeral.public_key.view());
  if (!state.mix_dh(ephemeral, remote)) return crypto_error("small-order");
  state.encrypt_and_hash(local_static.public_key.view(), out.message);
  if (!state.mix_dh(local_static, remote)) return crypto_error("small-order");
  state.encrypt_and_hash(payload, out.message);
  out.handshake_hash = state.hash();
  out.chaining_key = state.take_chaining_key();
  return out;
}

Result<NoiseOpened> noise_x_open(ByteView prologue, const DhPair& local, ByteView message) {
  if (message.size() < kNoiseXOverhead) return crypto_error("noise-size");
  const auto ephemeral = *DhKey::from(message.first(kDhBytes));
  const ByteView sealed_static = message.subspan(kDhBytes, kDhBytes + kTagBytes);
  const ByteView sealed_payload = message.subspan(kDhBytes + sealed_static.size());

  SymmetricState state(prologue);
  state.mix_hash(local.public_key.view());
  state.mix_hash(ephemeral.view());
  if (!state.mix_dh(local, ephemeral)) return crypto_error("small-order");
  NoiseOpened out;
  if (!state.decrypt_and_hash(sealed_static, out.remote_static.data)) return crypto_error("not-openable");
  if (!state.mix_dh(local, out.remote_static)) return crypto_error("small-order");
  out.payload.bytes.resize(sealed_payload.size() - kTagBytes);
  if (!state.decrypt_and_hash(sealed_payload, out.payload.bytes)) return crypto_error("not-openable");
  out.chaining_key = state.take_chaining_key();
  return out;
}

}  // namespace comm
