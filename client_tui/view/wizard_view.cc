#include "client_tui/view/wizard_view.h"

#include <algorithm>

#include "client_tui/view/qr.h"
#include "proto/base/bech32m.h"

namespace comm {
namespace {

constexpr std::size_t kWordsPerRow = 4;
constexpr int kWordColumns = 14;

struct Asked {
  int number;  // of the question
  const char* title;
  std::vector<std::string> lines;
  const char* prompt;   // "" where nothing is typed
  const char* hints;
};

std::vector<std::string> numbered_words(const Wizard& wizard) {
  std::vector<std::string> out;
  std::string row;
  std::string_view rest = as_text(wizard.words->view());
  for (std::size_t number = 1; number <= kSeedWords; ++number) {
    std::string cell = (number < 10 ? " " : "") + std::to_string(number) + " " + std::string(take_word(rest));
    cell.resize(static_cast<std::size_t>(kWordColumns), ' ');
    row += cell;
    if (number % kWordsPerRow == 0) out.push_back(std::exchange(row, {}));
  }
  return out;
}

Asked question_of(const Wizard& wizard) {
  switch (wizard.step) {
    case WizardStep::choose:
      return {1, "A new identity",
              {"There is no identity here yet: a key on this machine, from which comes the",
               "address that others write to.", "", "  1  create a new one", "  2  bring one back from its 24 recovery words", "",
               "A key file is taken over by: " + wizard.program + " identity import FILE"},
              "",
              " 1 or Enter create  2 recovery words  Esc leave"};
    case WizardStep::import_words:
      return {1, "Recovery words",
              {"Type or paste the 24 words, with blanks between them."},
              "Words: ",
              " Enter go on  Esc back"};
    case WizardStep::passphrase:
      return {2, "Passphrase",
              {"It encrypts the key on this disk and is asked for at every start.",
               "Nobody can restore a forgotten one; the recovery words can make a new one.", "",
               "Nothing and Enter: no passphrase."},
              "Passphrase: ",
              " Enter go on  Esc back"};
    case WizardStep::passphrase_again:
      return {2, "Passphrase", {"The same once more."}, "Again: ", " Enter go on  Esc back"};
    case WizardStep::no_passphrase:
      return {2, "No passphrase", {"Really none? Whoever can read this disk can then be you. [y/N]"}, "", " y none  Enter back"};
    case WizardStep::name:
      return {3, "Name",
              {"How should this program call you? Only you see it; nobody else is told.", "", "Nothing and Enter: no name."},
              "Name: ",
              " Enter go on  Esc back"};
    case WizardStep::bootstrap:
      return {4, "First relay",
              {"A relay to join through, as HOST:PORT. Ask somebody who runs one.", "",
               "Nothing and Enter: none now; /connect HOST:PORT does it later,", "and others may come to you."},
              "Relay: ",
              " Enter go on  Esc back"};
    case WizardStep::make: return {5, "Your address", {"Making the key ..."}, "", ""};
    case WizardStep::address:
      return {5, "Your address",
              {address_bech32m(wizard.address), address_hex(wizard.address), "", "Give it to those who shall write to you.",
               "/me shows it again."},
              "",
              " Enter go on"};
    case WizardStep::words: {
      Asked out{6, "Recovery words", numbered_words(wizard), "", " Enter I have written them down  Esc back"};
      out.lines.insert(out.lines.begin(), {"Write these on paper. Whoever has them is you; with them you are back on any machine.", ""});
      return out;
    }
    case WizardStep::confirm:
      return {6, "Recovery words", {"Which word is number " + std::to_string(wizard.asked_word) + "?"}, "Word: ", " Enter go on  Esc back"};
    case WizardStep::done:
    case WizardStep::left: break;
  }
  return {0, "", {}, "", ""};
}

int draw_wrapped(Grid& grid, int row, int left, const std::string& text, Style style, const SafeOptions& safe, int bottom) {
  for (const Clusters& line : wrap(safe_clusters(text, safe), std::max(1, grid.columns() - left - 1))) {
    if (row >= bottom) break;
    grid.put(row++, left, line, style);
  }
  return row;
}

void draw_input(const Wizard& wizard, Picture& picture, int row, const char* prompt, const SafeOptions& safe) {
  Grid& grid = picture.grid;
  const bool secret = wizard.step == WizardStep::passphrase || wizard.step == WizardStep::passphrase_again;
  SafeOptions single = safe;
  single.single_line = true;
  const std::string typed = secret ? std::string(wizard.secret.bytes.size(), '*') : wizard.input.text();
  const std::size_t cursor = secret ? typed.size() : wizard.input.cursor();
  const int begin = grid.put(row, 2, std::string_view(prompt), Style::nick);
  const int room = std::max(1, grid.columns() - begin - 1);
  // The end of what is typed stays in sight.
  Clusters before = safe_clusters(std::string_view(typed).substr(0, cursor), single);
  std::size_t first = 0;
  while (columns_of(Clusters(before.begin() + static_cast<std::ptrdiff_t>(first), before.end())) > room) first += 1 + (before.size() - first) / 8;
  before.erase(before.begin(), before.begin() + static_cast<std::ptrdiff_t>(std::min(first, before.size())));
  const int at = grid.put(row, begin, before, Style::normal);
  grid.put(row, at, safe_clusters(std::string_view(typed).substr(cursor), single), Style::normal);
  picture.cursor_row = row;
  picture.cursor_column = std::min(at, grid.columns() - 1);
}

}  // namespace

Picture draw(const Wizard& wizard, const ViewOptions& options) {
  Picture picture{Grid(std::max(1, wizard.rows), std::max(1, wizard.columns)), 0, 0, {}};
  Grid& grid = picture.grid;
  const SafeOptions safe{.ascii = options.ascii};
  const Asked question = question_of(wizard);
  if (grid.rows() < 4 || grid.columns() < 20) {
    grid.put(0, 0, std::string_view("window too small"), Style::normal);
    return picture;
  }
  grid.fill(0, ' ', Style::bar);
  grid.put(0, 1, std::string_view("comm"), Style::bar);
  // Who brings the words along is not shown them again.
  const int questions = wizard.imported || wizard.step == WizardStep::import_words ? 5 : 6;
  grid.put(0, 7, std::to_string(question.number) + "/" + std::to_string(questions) + "  " + question.title, Style::bar);
  const int bottom = grid.rows() - 1;
  int row = 1, left = 2;
  if (wizard.step == WizardStep::address && !options.ascii) {
    const auto code = qr_rows(address_uri(wizard.address), QrStyle::light_blocks);
    if (grid.rows() >= static_cast<int>(code.size()) + 3 && grid.columns() >= 80) {
      for (std::size_t i = 0; i < code.size(); ++i)
        grid.put(row + static_cast<int>(i), 0, safe_clusters(code[i], {}), Style::qr);
      left = 35;
    }
  }
  ++row;
  for (const std::string& line : question.lines) {
    if (line.empty()) ++row;
    else row = draw_wrapped(grid, row, left, line, Style::normal, safe, bottom);
  }
  if (question.prompt[0] != '\0' && row + 1 < bottom) {
    draw_input(wizard, picture, ++row, question.prompt, safe);
    ++row;
  }
  if (!wizard.trouble.empty()) draw_wrapped(grid, row + 1, left, wizard.trouble, Style::bad, safe, bottom);
  grid.put(bottom, 0, std::string_view(question.hints), Style::dim);
  return picture;
}

}  // namespace comm
