// Encryption of whatever a user's program keeps on disk: nonce(24) || XChaCha20-Poly1305 ciphertext and tag(16).
#include <sodium.h>

#include "proto/seal/message.h"

namespace comm {
namespace {
constexpr std::size_t kNonceBytes = crypto_aead_xchacha20poly1305_ietf_NPUBBYTES;
constexpr std::size_t kTagBytes = crypto_aead_xchacha20poly1305_ietf_ABYTES;
}  // namespace

Bytes seal_at_rest(const Secret<32>& key, ByteView context, ByteView plaintext, RandomSource& random) {
  Bytes out(kNonceBytes + plaintext.size() + kTagBytes);
  random.fill(std::span(out).first(kNonceBytes));
  crypto_aead_xchacha20poly1305_ietf_encrypt(out.data() + kNonceBytes, nullptr, plaintext.data(), plaintext.size(),
                                             context.data(), context.size(), nullptr, out.data(), key.data());
  return out;
}

std::optional<Bytes> open_at_rest(const Secret<32>& key, ByteView context, ByteView sealed) {
  if (sealed.size() < kNonceBytes + kTagBytes) return std::nullopt;
  const ByteView ciphertext = sealed.subspan(kNonceBytes);
  Bytes out(ciphertext.size() - kTagBytes);
  const int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(out.data(), nullptr, nullptr, ciphertext.data(),
                                                                ciphertext.size(), context.data(), context.size(),
                                                                sealed.data(), key.data());
  if (failed != 0) return std::nullopt;
  return out;
}

}  // namespace comm
