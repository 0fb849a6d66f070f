// Where a SECRET comes from when it is not on the command line: a file, a descriptor, standard input, the service
// manager's credentials or the terminal. It is read byte by byte into memory that erases itself and never echoed.
#pragma once
#include "node/main/options.h"
#include "proto/seal/secret.h"

namespace comm {

inline constexpr std::size_t kMaxSecretBytes = 4'096;

// The first line on `fd` without its line end; `what` names it in sentences. Reads not a byte further, so commands or
// another secret may follow on the same input.
std::optional<SecretBytes> read_secret_line(int fd, Failure& failure, const std::string& what = "secret");
// All of it, up to the end or an empty line: words may stand on several.
std::optional<SecretBytes> read_secret_text(int fd, Failure& failure, const std::string& what);

// By the options: --secret-file, --secret-fd, then `from_stdin`, $CREDENTIALS_DIRECTORY/identity, a prompt on the
// terminal. Nullopt with `failure` if none of them gives one.
std::optional<SecretBytes> obtain_secret(const Options& options, bool from_stdin, Failure& failure);
// The same sources without the credentials, for the recovery words.
std::optional<SecretBytes> obtain_words(const Options& options, bool from_stdin, Failure& failure);

// One line from the terminal without echo. Nullopt with `failure` if there is none.
std::optional<SecretBytes> ask_secret(const std::string& prompt, Failure& failure, const std::string& what);

// The passphrase of a key file: `fd`, $CREDENTIALS_DIRECTORY/passphrase, or the terminal.
std::optional<SecretBytes> obtain_passphrase(const std::optional<int>& fd, const std::string& prompt, Failure& failure);
// A new one: `fd`, or the terminal, twice.
std::optional<SecretBytes> obtain_new_passphrase(const std::optional<int>& fd, Failure& failure);
// The service manager's credential `identity` may be a SECRET or a key file.
bool secret_in_credentials();
std::string key_file_in_credentials();  // its path, "" if there is none
bool can_ask();  // standard input is a terminal

}  // namespace comm
