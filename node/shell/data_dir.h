// The profile's data directory: created private, locked while a node runs in it. The lock is flock() on <data>/LOCK,
// so it goes with the process however that ends; the file names its holder for whoever comes second.
#pragma once
#include <optional>
#include <string>

#include "node/shell/runtime.h"
#include "node/shell/unique_fd.h"
#include "relay_store/store.h"

namespace comm {

class DataDir {
 public:
  // Creates `path` (and its parents) with mode 0700 where missing; files made later get 0600 (umask 077).
  // `if_in_use`: what to do about another process that has it.
  static std::optional<DataDir> open(const std::string& path, const std::string& program, Failure& failure,
                                     const char* if_in_use = "Use --data DIR.");

  // Whether open() would do; creates nothing where nothing is yet.
  static bool usable(const std::string& path, const std::string& program, Failure& failure);

  const std::string& path() const { return path_; }
  std::string store_path() const { return path_ + "/store"; }

 private:
  DataDir(std::string path, UniqueFd lock) : path_(std::move(path)), lock_(std::move(lock)) {}
  std::string path_;
  UniqueFd lock_;
};

int exit_code_of(OpenFailure failure);

}  // namespace comm
