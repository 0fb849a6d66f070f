#include "node/main/identity_unlock.h"

#include "node/main/output.h"
#include "node/main/secret_input.h"

namespace comm {
namespace {

constexpr int kTries = 3;

std::string profile_option(const ProfilePlace& place) {
  if (place.name.empty()) return " --data " + place.dir;
  return place.name == "default" ? "" : " --profile " + place.name;
}

}  // namespace

Failure no_identity(const ProfilePlace& place) {
  const std::string where = profile_option(place);
  return {kExitConfig, "there is no identity in " + place.title() + " yet. Make one:\n  comm identity new" + where +
                           "    asks for a passphrase on the terminal\n  comm identity new" + where +
                           " --passphrase-fd 3 3<FILE    for scripts\n"
                           "Or chat without one, as a SECRET of your own: `comm - HOST:PORT`. `comm --help` lists everything."};
}

std::optional<ProfilePlace> find_identity(const Options& options, Failure& failure) {
  auto place = find_profile(options, failure);
  if (!place || place->has_identity) return place;
  failure = no_identity(*place);
  return std::nullopt;
}

IdentitySeedBox unlock(const ProfilePlace& place, const Options& options, Failure& failure) {
  const auto file = read_key_file(place.key_path, failure);
  if (!file) return nullptr;
  const auto head = read_key_file_head(file->bytes);
  if (!head || !head->encrypted) return open_identity(place, nullptr, failure);
  const int tries = can_ask() && !options.passphrase_fd ? kTries : 1;
  for (int i = 0; i < tries; ++i) {
    const auto passphrase = obtain_passphrase(options.passphrase_fd, "Passphrase of " + place.title() + ": ", failure);
    if (!passphrase) return nullptr;
    if (auto seed = open_identity(place, &*passphrase, failure)) return seed;
    if (failure.exit_code != kExitPermission) return nullptr;
    if (i + 1 < tries) complain(failure.sentence);
  }
  return nullptr;
}

}  // namespace comm
