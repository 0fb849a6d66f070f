#include "client_tui/model/wizard.h"

#include <algorithm>

#include "client_tui/model/graphemes.h"

namespace comm {
namespace {

constexpr std::ptrdiff_t kShortestPassphrase = 8;

using Step = WizardStep;

bool typing_secret(const Wizard& wizard) {
  return wizard.step == Step::passphrase || wizard.step == Step::passphrase_again;
}

void go(Wizard& wizard, Step step) {
  wizard.step = step;
  wizard.input.clear();
  wizard.trouble.clear();
  secure_zero(wizard.secret.bytes);
  wizard.secret.bytes.clear();
}

void take_words(Wizard& wizard) {
  WordsProblem problem;
  const auto key = key_of_words(as_bytes(wizard.input.text()), kSeedWords, problem);
  if (key) {
    wizard.imported.emplace(key->view());
    return go(wizard, Step::passphrase);
  }
  switch (problem.kind) {
    case WordsProblem::count:
      wizard.trouble = "There are " + std::to_string(problem.words) + " words, recovery words are " +
                       std::to_string(kSeedWords) + ".";
      break;
    case WordsProblem::unknown_word:
      wizard.trouble = "Word " + std::to_string(problem.position) + " is not in the list of words; check its spelling.";
      break;
    case WordsProblem::checksum: wizard.trouble = "These words do not belong together: one is wrong or misplaced."; break;
  }
}

void take_passphrase(Wizard& wizard) {
  Bytes& typed = wizard.secret.bytes;
  if (typed.empty()) return go(wizard, Step::no_passphrase);
  if (std::string objection = passphrase_objection(typed); !objection.empty()) {
    go(wizard, Step::passphrase);
    wizard.trouble = std::move(objection);
    return;
  }
  wizard.first.bytes.assign(typed.begin(), typed.end());
  wizard.protect = true;
  go(wizard, Step::passphrase_again);
}

void take_again(Wizard& wizard) {
  if (wizard.secret.bytes == wizard.first.bytes) return go(wizard, Step::name);
  go(wizard, Step::passphrase);
  wizard.trouble = "That was not the same. Once more from the start.";
}

void confirm(Wizard& wizard) {
  const std::string typed = fold_case(trim(wizard.input.text()));
  if (typed == word_at(as_text(wizard.words->view()), wizard.asked_word)) return go(wizard, Step::done);
  go(wizard, Step::words);
  wizard.trouble = "That is not word " + std::to_string(wizard.asked_word) + ". Write them down and try again.";
}

void enter(Wizard& wizard) {
  switch (wizard.step) {
    case Step::choose: go(wizard, Step::passphrase); break;
    case Step::import_words: take_words(wizard); break;
    case Step::passphrase: take_passphrase(wizard); break;
    case Step::passphrase_again: take_again(wizard); break;
    case Step::no_passphrase: go(wizard, Step::passphrase); break;
    case Step::name:
      wizard.name = std::string(trim(wizard.input.text()));
      if (wizard.name.size() > kMaxLocalName) wizard.trouble = "At most 64 bytes.";
      else go(wizard, Step::bootstrap);
      break;
    case Step::bootstrap:
      wizard.bootstrap = std::string(trim(wizard.input.text()));
      if (!wizard.bootstrap.empty() && !looks_like_endpoint(wizard.bootstrap))
        wizard.trouble = "HOST:PORT is expected, such as relay.example:4242; or nothing.";
      else
        go(wizard, Step::make);
      break;
    case Step::address: go(wizard, wizard.imported ? Step::done : Step::words); break;
    case Step::words: go(wizard, Step::confirm); break;
    case Step::confirm: confirm(wizard); break;
    default: break;
  }
}

void back(Wizard& wizard) {
  switch (wizard.step) {
    case Step::choose: go(wizard, Step::left); break;
    case Step::import_words:
    case Step::passphrase: go(wizard, Step::choose); break;
    case Step::passphrase_again:
    case Step::no_passphrase:
    case Step::name: go(wizard, Step::passphrase); break;
    case Step::bootstrap: go(wizard, Step::name); break;
    case Step::confirm: go(wizard, Step::words); break;
    case Step::words: go(wizard, Step::address); break;
    default: break;
  }
}

void add_secret(Wizard& wizard, std::string_view text) {
  Bytes& typed = wizard.secret.bytes;
  if (typed.size() + text.size() <= kMaxTypedPassphrase) append(typed, as_bytes(text));
}

void type(Wizard& wizard, std::string_view text) {
  if (wizard.step == Step::choose) {
    wizard.imported.reset();
    if (text == "1") go(wizard, Step::passphrase);
    if (text == "2") go(wizard, Step::import_words);
  } else if (wizard.step == Step::no_passphrase) {
    if (text != "y" && text != "Y") return go(wizard, Step::passphrase);
    wizard.protect = false;
    go(wizard, Step::name);
  } else if (typing_secret(wizard)) {
    add_secret(wizard, text);
  } else {
    wizard.input.insert(text);
  }
}

void erase(Wizard& wizard) {
  if (!typing_secret(wizard)) return wizard.input.backspace();
  Bytes& typed = wizard.secret.bytes;
  const std::size_t left = previous_grapheme(as_text(typed), typed.size());
  secure_zero(std::span(typed).subspan(left));
  typed.resize(left);
}

void press(Wizard& wizard, const KeyPressed& key) {
  if (key.key.empty()) return type(wizard, key.text);
  if (key.key == "Enter") enter(wizard);
  else if (key.key == "Esc") back(wizard);
  else if (key.key == "C-c") go(wizard, Step::left);
  else if (key.key == "Backspace" || key.key == "C-h") erase(wizard);
  else if (key.key == "C-u") go(wizard, wizard.step);
  else if (key.key == "Left") wizard.input.left();
  else if (key.key == "Right") wizard.input.right();
}

}  // namespace

Wizard::Wizard() {
  secret.bytes.reserve(kMaxTypedPassphrase);
  first.bytes.reserve(kMaxTypedPassphrase);
}

std::string passphrase_objection(ByteView typed) {
  const auto characters = std::count_if(typed.begin(), typed.end(), [](std::uint8_t byte) { return (byte & 0xc0) != 0x80; });
  if (characters >= kShortestPassphrase) return {};
  return "Too short: at least " + std::to_string(kShortestPassphrase) + " characters. Several words are good.";
}

void wizard_update(Wizard& wizard, const ModelEvent& event) {
  if (const auto* key = std::get_if<KeyPressed>(&event)) return press(wizard, *key);
  if (const auto* size = std::get_if<Resized>(&event)) {
    wizard.rows = size->rows;
    wizard.columns = size->columns;
  } else if (const auto* paste = std::get_if<Pasted>(&event)) {
    std::string clean = clean_paste(paste->text);
    for (char& c : clean)
      if (c == '\n') c = ' ';
    if (wizard.step != Step::choose && wizard.step != Step::no_passphrase) type(wizard, clean);
    secure_zero({reinterpret_cast<std::uint8_t*>(clean.data()), clean.size()});
  }
}

void wizard_made(Wizard& wizard) { go(wizard, Step::address); }

std::string_view word_at(std::string_view words, std::size_t number) {
  std::string_view word;
  for (std::size_t i = 0; i < number; ++i) word = take_word(words);
  return word;
}

bool looks_like_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size() || text.size() - colon > 6) return false;
  // What is kept here is read again at every start: a port that cannot be would shut its owner out.
  int port = 0;
  for (const char digit : text.substr(colon + 1)) {
    if (digit < '0' || digit > '9') return false;
    port = 10 * port + (digit - '0');
  }
  return port >= 1 && port <= 65'535 && text.find(' ') == std::string_view::npos;
}

}  // namespace comm
