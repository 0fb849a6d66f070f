// How the simulator's programs read their arguments: CLI11, with the project's exit codes.
#pragma once
#include <CLI/CLI.hpp>
#include <optional>

namespace comm::sim {

// The code to end with at once: 0 after --help, 64 for what cannot be understood (said on standard error). Null: go on.
inline std::optional<int> parse_command_line(CLI::App& app, int argc, char** argv) {
  try {
    app.parse(argc, argv);
    return std::nullopt;
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
}

}  // namespace comm::sim
