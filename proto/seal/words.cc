#include "proto/seal/words.h"

#include <sodium.h>

#include "proto/base/check.h"

namespace comm {
namespace {

constexpr std::size_t kListLength = 2'048;
constexpr std::size_t kWordBits = 11;
constexpr std::size_t kMaxKeyBytes = 32;
constexpr std::size_t kMaxWordBytes = 8;

std::array<std::string_view, kListLength> split_list() {
  std::array<std::string_view, kListLength> out;
  std::string_view rest = kWordList;
  for (std::string_view& word : out) {
    word = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), word.size() + 1));
  }
  return out;
}

std::optional<std::size_t> index_of(const std::array<std::string_view, kListLength>& list, std::string_view word) {
  const auto found = std::lower_bound(list.begin(), list.end(), word);
  if (found == list.end() || *found != word) return std::nullopt;
  return static_cast<std::size_t>(found - list.begin());
}

// Key and checksum: the checksum is the first bits of SHA-256(key), one per 32 bits of key, so a byte holds it.
using Checked = Secret<kMaxKeyBytes + 1>;

std::uint8_t checksum_byte(ByteView key) {
  Secret<crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(hash.data(), key.data(), key.size());
  return hash.data()[0];
}

bool bit_of(ByteView bytes, std::size_t bit) { return (bytes[bit / 8] >> (7 - bit % 8) & 1) != 0; }

bool blank(std::uint8_t byte) { return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r'; }

// The next word from `at` on, in lower case; empty at the end. A word too long for the list comes cut, and is not in it.
Secret<kMaxWordBytes + 1> next_word(ByteView text, std::size_t& at, std::size_t& length) {
  Secret<kMaxWordBytes + 1> out;
  length = 0;
  while (at < text.size() && blank(text[at])) ++at;
  for (; at < text.size() && !blank(text[at]); ++at) {
    if (length == out.size()) continue;
    const std::uint8_t byte = text[at];
    out.data()[length++] = static_cast<std::uint8_t>(byte >= 'A' && byte <= 'Z' ? byte + 32 : byte);
  }
  return out;
}

}  // namespace

SecretBytes words_of(ByteView key) {
  CHECK(key.size() >= 16 && key.size() <= kMaxKeyBytes && key.size() % 4 == 0);
  Checked checked;
  std::copy(key.begin(), key.end(), checked.data());
  checked.data()[key.size()] = checksum_byte(key);
  const auto list = split_list();
  const std::size_t words = (key.size() * 8 + key.size() / 4) / kWordBits;
  WipedBytes out;
  out.bytes.reserve(words * (kMaxWordBytes + 1));  // never grows, so no copy of it stays behind
  for (std::size_t word = 0; word < words; ++word) {
    std::size_t index = 0;
    for (std::size_t bit = 0; bit < kWordBits; ++bit)
      index = index << 1 | (bit_of(checked.view(), word * kWordBits + bit) ? 1u : 0u);
    if (word != 0) out.bytes.push_back(' ');
    append(out.bytes, as_bytes(list[index]));
  }
  return SecretBytes(out.bytes);
}

std::size_t count_words(ByteView text) {
  std::size_t words = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (!blank(text[i]) && (i == 0 || blank(text[i - 1]))) ++words;
  return words;
}

std::optional<SecretBytes> key_of_words(ByteView text, std::size_t count, WordsProblem& problem) {
  CHECK(count >= 12 && count <= kSeedWords && count % 3 == 0);
  problem = {};
  problem.words = count_words(text);
  if (problem.words != count || text.size() > kMaxWordsBytes) return std::nullopt;
  const auto list = split_list();
  Checked checked;
  std::size_t at = 0, length = 0, bit = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const auto word = next_word(text, at, length);
    const auto index = index_of(list, as_text(word.view().first(length)));
    if (!index) {
      problem.kind = WordsProblem::unknown_word;
      problem.position = i + 1;
      return std::nullopt;
    }
    for (std::size_t b = kWordBits; b-- > 0; ++bit)
      checked.data()[bit / 8] = static_cast<std::uint8_t>(checked.data()[bit / 8] | (*index >> b & 1) << (7 - bit % 8));
  }
  const std::size_t size = count * kWordBits * 32 / 33 / 8;
  const ByteView key = checked.view().first(size);
  const auto mask = static_cast<std::uint8_t>(0xff << (8 - size / 4));
  if ((checksum_byte(key) & mask) != checked.data()[size]) {
    problem.kind = WordsProblem::checksum;
    return std::nullopt;
  }
  return SecretBytes(key);
}

}  // namespace comm
