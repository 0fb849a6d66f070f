// Keys as words that people write on paper (BIP-39, English): 16 to 32 bytes, a checksum of one bit per 32 bits, eleven
// bits a word. A seed of 32 bytes is 24 words, an address of 20 bytes 15. Pure; the words are kept in locked memory
// because they may be a secret.
#pragma once
#include "proto/seal/secret.h"

namespace comm {

inline constexpr std::size_t kSeedWords = 24;      // recovery words of an identity
inline constexpr std::size_t kAddressWords = 15;
inline constexpr std::size_t kMaxWordsBytes = 4'096;  // of text that is looked at

extern const std::string_view kWordList;  // 2048 words in rising order, one blank between them

// REQUIRES: 16, 20, 24, 28 or 32 bytes. Lower case, one blank between words.
SecretBytes words_of(ByteView key);

struct WordsProblem {
  enum Kind { count, unknown_word, checksum } kind = count;
  std::size_t words = 0;     // how many there were
  std::size_t position = 0;  // of the unknown word, from 1
};
// Words of any case with any blanks, tabs or line ends between them; exactly `count` of them.
// Nullopt with `problem` otherwise.
std::optional<SecretBytes> key_of_words(ByteView text, std::size_t count, WordsProblem& problem);

std::size_t count_words(ByteView text);

}  // namespace comm
