#include "node/main/first_run.h"

#include <poll.h>
#include <unistd.h>

#include <iterator>

#include "client_tui/shell/screen.h"
#include "client_tui/view/wizard_view.h"
#include "node/main/output.h"
#include "node/main/screen_frontend.h"
#include "proto/seal/os_random.h"

namespace comm {
namespace {

// Generated or from the words; null only if the words' key is malformed, which the wizard excludes.
IdentitySeedBox make_seed(const Wizard& wizard) {
  if (wizard.imported) return identity_of_key(*wizard.imported);
  OsRandom random;
  return generate_identity(random);
}

void show_made(Wizard& wizard, const IdentitySeed& seed) {
  wizard.address = identity_of_seed(seed)->address();
  wizard.words.emplace(words_of(seed.seed.view()).view());
  wizard.asked_word = 1 + OsRandom().below(kSeedWords);
  wizard_made(wizard);
}

// Until the wizard is done or left.
void converse(Screen& screen, Wizard& wizard, IdentitySeedBox& seed, bool ascii) {
  wizard_update(wizard, screen.read_size());
  while (wizard.step != WizardStep::done && wizard.step != WizardStep::left) {
    screen.show(draw(wizard, {.ascii = ascii}));
    if (wizard.step == WizardStep::make) {
      seed = make_seed(wizard);
      show_made(wizard, *seed);
      continue;
    }
    pollfd waiting[] = {{STDIN_FILENO, POLLIN, 0}, {screen.signals(), POLLIN, 0}};
    if (::poll(waiting, std::size(waiting), -1) < 0) continue;
    if (waiting[1].revents != 0) screen.take_signals(false);
    if (waiting[0].revents != 0)
      for (const ModelEvent& event : screen.read_input()) wizard_update(wizard, event);
    if (screen.at_end()) wizard.step = WizardStep::left;
    wizard_update(wizard, screen.read_size());
  }
}

bool store(ProfilePlace& place, const Wizard& wizard, const IdentitySeed& seed, Failure& failure) {
  std::optional<SecretBytes> passphrase;
  if (wizard.protect) passphrase.emplace(wizard.first.bytes);
  if (!create_identity(place, seed, passphrase ? &*passphrase : nullptr, failure)) return false;
  place.has_identity = true;
  Settings settings;
  if (!wizard.name.empty()) settings.name = wizard.name;
  if (!wizard.bootstrap.empty()) settings.bootstrap = std::vector<std::string>{wizard.bootstrap};
  if (!save_profile_settings(place, settings, failure)) return false;
  place.settings = merge_settings(settings, place.settings);
  return true;
}

}  // namespace

IdentitySeedBox first_run(ProfilePlace& place, bool color, bool ascii, Failure& failure) {
  Wizard wizard;
  wizard.program = program_name();
  IdentitySeedBox seed;
  {
    std::string why;
    auto screen = Screen::open(color, why);
    if (!screen) {
      failure = {kExitUnavailable, "cannot ask the questions of a first run: " + why + ". Use `comm identity new`."};
      return nullptr;
    }
    converse(*screen, wizard, seed, ascii);
  }
  if (wizard.step == WizardStep::left) {
    failure = {kExitConfig, "nothing was stored; there is no identity yet."};
    return nullptr;
  }
  if (!store(place, wizard, *seed, failure)) return nullptr;
  return seed;
}

}  // namespace comm
