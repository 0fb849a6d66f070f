// First run: the questions between a bare `comm` and the home window, as a state machine. Pure; owned by the front-end
// of the first run (node/main/first_run.cc), which draws it and makes the identity. Secrets are wiped with it.
#pragma once
#include "client_tui/model/model.h"
#include "proto/seal/words.h"

namespace comm {

inline constexpr std::size_t kMaxTypedPassphrase = 1'024;
inline constexpr std::size_t kMaxLocalName = 64;

enum class WizardStep : std::uint8_t {
  choose,       // create or import
  import_words,
  passphrase,
  passphrase_again,
  no_passphrase,
  name,
  bootstrap,
  make,         // the owner makes the identity, fills in address and words and calls wizard_made
  address,
  words,
  confirm,      // one of the words
  done,
  left          // the user gave up
};

struct Wizard {
  WizardStep step = WizardStep::choose;
  Editor input;
  WipedBytes secret, first;               // as typed now, and the first time; never longer than reserved
  std::optional<SecretBytes> imported;    // 32 bytes
  bool protect = true;                    // with `first` as passphrase
  std::string name, bootstrap;
  std::string trouble;                    // what was wrong with the last answer
  Address address;
  std::optional<SecretBytes> words;
  std::size_t asked_word = 1;             // 1 to kSeedWords
  int rows = 24, columns = 80;
  std::string program = "comm";           // how it was called

  Wizard();
};

// Why this cannot be a new passphrase, as a sentence; "" if it can. The rule of `comm identity` too.
std::string passphrase_objection(ByteView typed);
void wizard_update(Wizard& wizard, const ModelEvent& event);
void wizard_made(Wizard& wizard);
// The word of that number, from 1.
std::string_view word_at(std::string_view words, std::size_t number);
// HOST:PORT, loosely: the runtime looks closer.
bool looks_like_endpoint(std::string_view text);

}  // namespace comm
