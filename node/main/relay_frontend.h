// What `comm relay` reports: a line at start, then store totals when they change, at most once a second; as JSON or
// for people, and to the service manager. Lives on the runtime's thread.
#pragma once
#include <optional>

#include "node/main/output.h"
#include "node/shell/runtime.h"

namespace comm {

class RelayFrontend final : public Frontend {
 public:
  RelayFrontend(Runtime& runtime, bool json, std::string data_dir)
      : runtime_(runtime), json_(json), data_dir_(std::move(data_dir)) {}
  ~RelayFrontend() override;
  void ready(const Ready& ready) override;
  void user(const UserEvent&) override {}
  void ticked() override;
  void turn() override;

 private:
  void emit(const std::string& line);
  void report();
  bool unread() const;

  Runtime& runtime_;
  bool json_;
  std::string data_dir_;
  Output out_;
  std::optional<Totals> reported_;
  std::size_t reported_sessions_ = 0;
  Millis reported_at_ = 0;
  bool timer_ = false;
  bool ready_ = false;
};

}  // namespace comm
