// `comm identity`: the commands that make and change key files (new, import, passwd). identity_show.cc has the others.
#include "node/main/commands.h"
#include "node/main/identity_unlock.h"
#include "node/main/output.h"
#include "node/main/profile.h"
#include "node/main/secret_input.h"
#include "proto/base/bech32m.h"
#include "proto/seal/os_random.h"
#include "proto/seal/words.h"

namespace comm {
namespace {

// A passphrase, none by the user's wish, or `failed`.
struct Chosen {
  std::optional<SecretBytes> passphrase;
  bool failed = false;
  const SecretBytes* get() const { return passphrase ? &*passphrase : nullptr; }
};

Chosen choose_passphrase(const Options& options, const std::optional<int>& fd, Failure& failure) {
  Chosen out;
  if (options.no_passphrase) return out;
  out.passphrase = obtain_new_passphrase(fd, failure);
  out.failed = !out.passphrase;
  return out;
}

// Says what stands on disk now. The address is data and goes to standard output.
int report(const ProfilePlace& place, const Address& address, const std::string& note) {
  if (!note.empty()) complain(note);
  complain("the key of " + place.title() + " is in " + place.key_path + ".");
  return print_lines(address_hex(address) + "\n" + address_bech32m(address) + "\n");
}

int save_new(const Options& options, ProfilePlace place, const IdentitySeed& seed, const SecretBytes* passphrase,
             std::string note) {
  Failure failure;
  if (!create_identity(place, seed, passphrase, failure)) return fail(failure);
  Settings settings;
  if (!options.name.empty()) settings.name = options.name;
  if (settings.name && !save_profile_settings(place, settings, failure)) return fail(failure);
  const Address address = identity_of_seed(seed)->address();
  if (seed.kind == IdentityKind::from_secret) {
    const std::string adopted = adopt_positional_store(place, address);
    if (!adopted.empty()) note += (note.empty() ? "" : "\n") + adopted;
  }
  return report(place, address, note);
}

int keep(const Options& options, ProfilePlace place, const IdentitySeed& seed, std::string note) {
  Failure failure;
  const Chosen chosen = choose_passphrase(options, options.passphrase_fd, failure);
  if (chosen.failed) return fail(failure);
  return save_new(options, std::move(place), seed, chosen.get(), std::move(note));
}

bool refuse_second(const ProfilePlace& place, Failure& failure) {
  if (!place.has_identity) return false;
  failure = {kExitFailed,
             place.title() + " has an identity already (" + place.key_path + "). Use --profile NAME for another."};
  return true;
}

// The word at `position` from 1, where it stands: nothing of a secret is copied.
std::string_view word_at(std::string_view text, std::size_t position) {
  constexpr const char* kBlanks = " \t\r\n";
  for (;;) {
    text.remove_prefix(std::min(text.size(), text.find_first_not_of(kBlanks)));
    const std::string_view word = text.substr(0, text.find_first_of(kBlanks));
    if (--position == 0 || word.empty()) return word;
    text.remove_prefix(word.size());
  }
}

std::string_view nearest_word(std::string_view word) {
  constexpr std::size_t kFar = 3;
  std::string_view nearest, rest = kWordList;
  std::size_t distance = kFar;
  while (!rest.empty() && word.size() <= 12) {
    const std::string_view known = rest.substr(0, rest.find(' '));
    rest.remove_prefix(std::min(rest.size(), known.size() + 1));
    if (const std::size_t d = edit_distance(word, known); d < distance) distance = d, nearest = known;
  }
  return nearest;
}

std::string what_is_wrong(const WordsProblem& problem, ByteView text) {
  if (problem.kind == WordsProblem::count)
    return "there are " + std::to_string(problem.words) + " words, and recovery words are " + std::to_string(kSeedWords) + ".";
  if (problem.kind == WordsProblem::checksum)
    return "these words do not belong together: one is another word of the list, or their order is wrong.";
  const std::string near(nearest_word(word_at(as_text(text), problem.position)));
  return "word " + std::to_string(problem.position) + " is not in the list" +
         (near.empty() ? "." : "; did you mean \"" + near + "\"?");
}

IdentitySeedBox from_words(const Options& options, bool from_stdin, Failure& failure) {
  const auto text = obtain_words(options, from_stdin, failure);
  if (!text) return nullptr;
  WordsProblem problem;
  const auto key = key_of_words(text->view(), kSeedWords, problem);
  if (key) return identity_of_key(*key);
  failure = {kExitCorrupt, what_is_wrong(problem, text->view())};
  return nullptr;
}

// Its passphrase is asked for, so that a file that nobody can open is not taken, and stays.
int import_key_file(const Options& options, ProfilePlace place) {
  Failure failure;
  const auto file = read_key_file(options.file, failure);
  if (!file) return fail(failure);
  const auto head = read_key_file_head(file->bytes);
  if (!head) return fail(key_file_failure(head.error(), options.file));
  if (head->encrypted && options.no_passphrase)
    return fail({kExitUsage, "import keeps the passphrase of a key file; `comm identity passwd --no-passphrase` takes it away."});
  std::optional<SecretBytes> passphrase;
  if (head->encrypted) {
    passphrase = obtain_passphrase(options.passphrase_fd, "Passphrase of " + options.file + ": ", failure);
    if (!passphrase) return fail(failure);
  }
  const SecretBytes* given = passphrase ? &*passphrase : nullptr;
  const auto seed = open_key_file(file->bytes, given);
  if (!seed) return fail(key_file_failure(seed.error(), options.file));
  return save_new(options, std::move(place), **seed, given, "");
}

int import(const Options& options) {
  Failure failure;
  auto place = find_profile(options, failure);
  if (!place || refuse_second(*place, failure)) return fail(failure);
  const bool from_stdin = options.file == "-";
  if (!options.file.empty() && !from_stdin) return import_key_file(options, std::move(*place));
  if (options.words) {
    const auto seed = from_words(options, from_stdin, failure);
    return seed ? keep(options, std::move(*place), *seed, "") : fail(failure);
  }
  const auto secret = obtain_secret(options, from_stdin, failure);
  if (!secret) return fail(failure);
  const auto seed = identity_of_secret(*secret);
  return keep(options, std::move(*place), *seed,
              "this identity stays as easy to guess as its SECRET, and has no forward secrecy; `comm identity new` makes one "
              "that is better in both.");
}

int make_new(const Options& options) {
  Failure failure;
  auto place = find_profile(options, failure);
  if (!place || refuse_second(*place, failure)) return fail(failure);
  OsRandom random;
  const auto seed = generate_identity(random);
  return keep(options, std::move(*place), *seed,
              "write down the recovery words, they are the only way back to this identity: `comm identity export --words" +
                  (options.profile_name == "default" ? "`" : " --profile " + options.profile_name + "`"));
}

int passwd(const Options& options) {
  Failure failure;
  const auto place = find_identity(options, failure);
  if (!place) return fail(failure);
  const auto seed = unlock(*place, options, failure);
  if (!seed) return fail(failure);
  const Chosen chosen = choose_passphrase(options, options.new_passphrase_fd, failure);
  if (chosen.failed || !replace_key_file(*place, *seed, chosen.get(), failure)) return fail(failure);
  complain(options.no_passphrase ? "the key is in the clear now: who can read " + place->key_path + " is you."
                                 : "the passphrase is changed.");
  return kExitOk;
}

}  // namespace

int run_identity(const Options& options) {
  no_core_files();
  if (options.action == "new") return make_new(options);
  if (options.action == "import") return import(options);
  if (options.action == "passwd") return passwd(options);
  return run_identity_shown(options);
}

}  // namespace comm
