// The chat screen on the runtime's thread: terminal input and agent events go into the model, its actions to the
// runtime, and the picture to the terminal once per turn when something changed.
// While the screen is up, standard error goes to DATA/chat.log (0600), so that a log line never corrupts it.
#pragma once
#include <memory>

#include "client_tui/shell/screen.h"
#include "node/main/output.h"
#include "node/shell/runtime.h"

namespace comm {

struct ScreenConfig {
  std::string data_dir;
  bool color = true;
  bool ascii = false;
  std::vector<ContactInfo> contacts;   // added at start (address and name)
  std::string greeting;                // first line of the program, "" for none
  std::uint16_t lifetime = kDefaultLifetimeMinutes;  // of messages sent
};

// Call before any thread starts: SIGWINCH is taken by descriptor.
void block_window_signal();

class ScreenFrontend final : public Frontend {
 public:
  // Null, with a sentence in `why`, if the terminal cannot be used.
  static std::unique_ptr<ScreenFrontend> open(Runtime& runtime, ScreenConfig config, std::string& why);
  ~ScreenFrontend() override;

  void ready(const Ready& ready) override;
  void user(const UserEvent& event) override;
  void turn() override;
  // Gives the terminal and standard error back; `exit_code` != 0 shows the last log line.
  void close(int exit_code);

 private:
  ScreenFrontend(Runtime& runtime, ScreenConfig config, std::unique_ptr<Screen> screen);
  void feed(const ModelEvent& event);
  void perform(const Action& action);
  void refresh_contacts();
  void on_input();
  void on_window();
  void tick();

  Runtime& runtime_;
  ScreenConfig config_;
  std::unique_ptr<Screen> screen_;
  Model model_;
  bool dirty_ = true;
  bool ready_ = false;
  int window_fd_ = -1;
  int saved_stderr_ = -1;
  std::string log_path_;
};

}  // namespace comm
