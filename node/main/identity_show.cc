// `comm identity`: the commands that show an identity or hand it out (show, qr, export).
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "client_tui/view/qr.h"
#include "node/main/commands.h"
#include "node/main/identity_unlock.h"
#include "node/main/json_protocol.h"
#include "node/main/output.h"
#include "node/main/safe_output.h"
#include "proto/base/bech32m.h"
#include "proto/seal/words.h"

namespace comm {
namespace {

struct Found {
  ProfilePlace place;
  WipedBytes file;
  KeyFileHead head;
};

std::optional<Found> find(const Options& options, Failure& failure) {
  auto place = find_identity(options, failure);
  if (!place) return std::nullopt;
  auto file = read_key_file(place->key_path, failure);
  if (!file) return std::nullopt;
  const auto head = read_key_file_head(file->bytes);
  if (head) return Found{std::move(*place), std::move(*file), *head};
  failure = key_file_failure(head.error(), place->key_path);
  return std::nullopt;
}

int show(const Options& options) {
  Failure failure;
  const auto found = find(options, failure);
  if (!found) return fail(failure);
  const Address& address = found->head.address;
  const SecretBytes words = words_of(address.view());
  std::vector<std::pair<std::string, std::string>> fields{
      {"address", address_hex(address)},
      {"bech32m", address_bech32m(address)},
      {"words", std::string(as_text(words.view()))},
      {"uri", address_uri(address)},
      {"name", found->place.settings.name.value_or("")},
      {"profile", found->place.name},
      {"directory", found->place.dir},
      {"key_file", found->place.key_path},
      {"protection", found->head.encrypted ? "passphrase" : "none"}};
  if (options.json) return print_lines(json_texts(fields) + "\n");
  std::string text;
  SafeOptions safe = safe_options(STDOUT_FILENO);
  safe.single_line = true;
  for (const auto& [name, value] : fields) {
    if (value.empty()) continue;
    text += name + std::string(12 - name.size(), ' ') + safe_text(value, safe) + "\n";
  }
  return print_lines(text);
}

// On a terminal the colours are set, so that the code is dark on light whatever the terminal's are.
int qr(const Options& options) {
  Failure failure;
  const auto found = find(options, failure);
  if (!found) return fail(failure);
  const char* no_color = std::getenv("NO_COLOR");
  const bool colors = utf8_locale() && ::isatty(STDOUT_FILENO) != 0 && (no_color == nullptr || no_color[0] == '\0');
  const QrStyle style = !utf8_locale() ? QrStyle::ascii : colors ? QrStyle::dark_blocks : QrStyle::light_blocks;
  std::string text;
  for (const std::string& row : qr_rows(address_uri(found->head.address), style))
    text += colors ? "\033[30;107m" + row + "\033[0m\n" : row + "\n";
  return print_lines(text + address_uri(found->head.address) + "\n");
}

// True if standard output is a file that others can read; what follows is the key.
void warn_if_readable() {
  struct stat info{};
  if (::fstat(STDOUT_FILENO, &info) == 0 && S_ISREG(info.st_mode) && (info.st_mode & 077) != 0)
    complain("warning: standard output goes to a file that other users can read.");
}

int print_secret(ByteView text) {
  warn_if_readable();
  Output out;
  if (out.write(as_text(text)) && out.write("\n")) return kExitOk;
  complain("cannot write to standard output: " + out.error() + ".");
  return kExitIo;
}

int export_words(const Options& options) {
  Failure failure;
  const auto place = find_identity(options, failure);
  if (!place) return fail(failure);
  const auto seed = unlock(*place, options, failure);
  if (!seed) return fail(failure);
  if (seed->kind == IdentityKind::from_secret)
    return fail({kExitFailed, "this identity comes from a SECRET, and that SECRET is the way back to it: it has no recovery words. "
                              "`comm identity export FILE` copies its key file."});
  return print_secret(words_of(seed->seed.view()).view());
}

int export_file(const Options& options) {
  Failure failure;
  const auto found = find(options, failure);
  if (!found) return fail(failure);
  if (options.file == "-") {
    warn_if_readable();
    Output out;
    if (out.write(as_text(found->file.bytes))) return kExitOk;
    return fail({kExitIo, "cannot write to standard output: " + out.error() + "."});
  }
  if (!write_private_file(options.file, found->file.bytes, false, failure)) return fail(failure);
  complain(options.file + " is a copy of the key file, " +
           (found->head.encrypted ? "under the same passphrase." : "in the clear: who can read it is you."));
  return kExitOk;
}

}  // namespace

int run_identity_shown(const Options& options) {
  if (options.action == "show") return show(options);
  if (options.action == "qr") return qr(options);
  if (options.words) return export_words(options);
  if (options.file.empty())
    return fail({kExitUsage, "export what? A file to copy the key file to, or --words. See `comm identity export --help`."});
  return export_file(options);
}

}  // namespace comm
