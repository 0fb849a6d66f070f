// Where a SECRET comes from when it is not on the command line: a file, a descriptor, standard input, the service
// manager's credentials or the terminal. It is read byte by byte into memory that erases itself and never echoed.
#pragma once
#include "node/main/options.h"
#include "proto/seal/secret.h"

namespace comm {

inline constexpr std::size_t kMaxSecretBytes = 4'096;

// The first line on `fd` without its line end. Reads not a byte further, so commands may follow on the same input.
std::optional<SecretBytes> read_secret_line(int fd, Failure& failure);

// By the options: --secret-file, --secret-fd, then `from_stdin`, $CREDENTIALS_DIRECTORY/identity, a prompt on the
// terminal. Nullopt with `failure` if none of them gives one.
std::optional<SecretBytes> obtain_secret(const Options& options, bool from_stdin, Failure& failure);

}  // namespace comm
